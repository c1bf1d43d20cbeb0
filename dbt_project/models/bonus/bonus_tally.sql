-- Grain: one due component that counts events (points, per_event), one segment: the count that pays.

{# Within its bounds (parameters min_quantity, max_quantity); 0 where a gate is shut, and where the export of what is
   counted never came (S-EXPORT): of every kind, or of one that takes away, without which nobody knows what is left. #}

with

total as (
    select
        agent_id,
        period_id,
        component_id,
        segment_no,
        cast(sum(quantity) as decimal(24, 6)) as counted_quantity,
        count(case when value_origin = 'site' and event_quantity <> 0 then 1 end) > 0 as has_site_value,
        count(case when has_export then 1 end) = 0
        or count(case when not has_export and weight < 0 then 1 end) > 0 as is_unknown
    from {{ ref('bonus_tally_line') }}
    group by agent_id, period_id, component_id, segment_no
),

shut as (
    select
        agent_id,
        period_id,
        component_id,
        segment_no,
        cast(count(case when not is_open then 1 end) as bigint) as shut_gate_count,
        count(case when status = 'no_export' then 1 end) > 0 as is_unknown
    from {{ ref('bonus_gate') }}
    group by agent_id, period_id, component_id, segment_no
),

bound as (
    select
        component_id,
        period_id,
        max(case when parameter = 'min_quantity' then value end) as min_quantity,
        max(case when parameter = 'max_quantity' then value end) as max_quantity
    from {{ ref('policy_component_parameter') }}
    group by component_id, period_id
)

select
    total.agent_id,
    total.period_id,
    total.component_id,
    total.segment_no,
    coalesce(total.counted_quantity, cast(0 as decimal(24, 6))) as counted_quantity,
    not total.is_unknown as has_known_count,
    coalesce(shut.shut_gate_count, 0) as shut_gate_count,
    cast(
        case
            when shut.shut_gate_count > 0 or total.is_unknown then 0
            when total.counted_quantity < bound.min_quantity then bound.min_quantity
            when total.counted_quantity > bound.max_quantity then bound.max_quantity
            else total.counted_quantity
        end as decimal(18, 6)
    ) as quantity,
    case when total.has_site_value then 'site' else 'stated' end as value_origin,
    case
        when total.is_unknown or coalesce(shut.is_unknown, false) then 'no_export'
        when shut.shut_gate_count > 0 then 'not_met'
        else 'counted'
    end as status
from total
left join shut
    on
        total.agent_id = shut.agent_id
        and total.period_id = shut.period_id
        and total.component_id = shut.component_id
        and total.segment_no = shut.segment_no
left join bound
    on
        total.component_id = bound.component_id
        and total.period_id = bound.period_id
