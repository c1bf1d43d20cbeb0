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

-- A month's per_event is counted segment by segment, everything else over the whole period.
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
        case
            when due.mechanism = 'points' or due.period_kind <> 'month' or due.segment_no = event.segment_no
                then event.quantity
            else 0
        end as event_quantity
    from {{ ref('bonus_due') }} as due
    inner join counted_kind
        on
            due.component_id = counted_kind.component_id
            and due.period_id = counted_kind.period_id
    inner join {{ ref('dim_period_month') }} as period_month
        on due.period_id = period_month.period_id
    left join {{ ref('bonus_event') }} as event
        on
            due.agent_id = event.agent_id
            and period_month.month_id = event.month_id
            and counted_kind.event_kind = event.event_kind
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
