-- Grain: one sales lead as known at the cut.

with

-- S-ASOF: a lead won or lost after the cut is open.
prospect as (
    select
        exported.*,
        coalesce(exported.closed_at >= run_context.cut_at, false) as is_closed_later,
        exported.created_at >= run_context.cut_at as is_future
    from {{ ref('stg_crm__lead') }} as exported
    cross join {{ ref('stg_run__context') }} as run_context
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'lead'
)

select
    prospect.lead_id,
    prospect.created_at,
    prospect.created_on,
    case when not prospect.is_closed_later then prospect.closed_at end as closed_at,
    case when not prospect.is_closed_later then prospect.closed_on end as closed_on,
    prospect.agent_id,
    prospect.customer_id,
    case when prospect.is_closed_later then 'open' else prospect.stage end as stage,
    coalesce(
        prospect.stage = 'won' and prospect.closed_at < prospect.created_at, false
    ) as has_close_before_creation,
    prospect.amount as amount_cny,
    prospect.required_fields as required_field_count,
    prospect.completed_fields as completed_field_count,
    coalesce(
        prospect.required_fields < 0
        or prospect.completed_fields < 0
        or prospect.completed_fields > prospect.required_fields,
        false
    ) as has_fields_out_of_range,
    not prospect.is_future and set_aside.ruling_id is null as is_valid,
    case
        when prospect.is_future then 'future'
        when set_aside.ruling_id is not null then 'ruling'
    end as invalid_reason,
    set_aside.ruling_id,
    prospect.load_id,
    prospect.source_row_number,
    prospect.source_row_hash
from prospect
left join set_aside
    on prospect.lead_id = set_aside.entity_id
