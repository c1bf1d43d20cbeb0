-- Grain: one due component that counts events (points, per_event), one segment, one kind: how many, what each weighs.

with

-- A points component weighs kinds of events by its rows of use `weight`; a per_event component counts the kind that
-- is its basis.
counted_kind as (
    select
        component_id,
        period_id,
        event_kind,
        weight,
        clause_id,
        value_origin
    from {{ ref('policy_component_event') }}
    where use = 'weight'
    union all
    select
        component_id,
        period_id,
        basis as event_kind,
        cast(1 as decimal(18, 6)) as weight,
        clause_id,
        value_origin
    from {{ ref('policy_component') }}
    where mechanism = 'per_event'
),

absent as (
    select distinct
        period_id,
        subject_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'event_kind'
),

own_event as (
    select * from {{ ref('bonus_own_event') }} where is_of_segment
),

-- By segment where the component is paid so, else over all days of its own plan and role.
matched as (
    select
        due.agent_id,
        due.period_kind,
        due.period_id,
        due.component_id,
        due.segment_no,
        counted_kind.event_kind,
        counted_kind.weight,
        counted_kind.clause_id,
        counted_kind.value_origin,
        absent.subject_id is null as has_export,
        -- What holds throughout, in a component that counts events beside it, by the days of its segment.
        case
            when event.is_standing and not due.is_by_segment
                then {{ ratio('event.quantity * segment.day_count', 'segment.period_day_count') }}
            else event.quantity
        end as event_quantity
    from {{ ref('bonus_due_days') }} as due
    inner join counted_kind
        on
            due.component_id = counted_kind.component_id
            and due.period_id = counted_kind.period_id
    left join own_event as event
        on
            due.agent_id = event.agent_id
            and due.period_id = event.period_id
            and due.component_id = event.component_id
            and due.segment_no = event.segment_no
            and counted_kind.event_kind = event.event_kind
    left join {{ ref('dim_agent_period_segment') }} as segment
        on
            event.agent_id = segment.agent_id
            and event.period_id = segment.period_id
            and event.event_segment_no = segment.segment_no
    left join absent
        on
            counted_kind.period_id = absent.period_id
            and counted_kind.event_kind = absent.subject_id
    where due.mechanism in ('points', 'per_event')
),

summed as (
    select
        agent_id,
        period_kind,
        period_id,
        component_id,
        segment_no,
        event_kind,
        -- Unknown where the export never came (S-EXPORT), 0 where nothing happened.
        cast(case when has_export then coalesce(sum(event_quantity), 0) end as decimal(18, 6)) as event_quantity,
        has_export,
        weight,
        clause_id,
        value_origin
    from matched
    group by
        agent_id,
        period_kind,
        period_id,
        component_id,
        segment_no,
        event_kind,
        has_export,
        weight,
        clause_id,
        value_origin
)

select
    agent_id,
    period_kind,
    period_id,
    component_id,
    segment_no,
    event_kind,
    event_quantity,
    has_export,
    weight,
    cast(event_quantity * cast(weight as decimal(18, 6)) as decimal(24, 6)) as quantity,
    clause_id,
    value_origin
from summed
