-- Grain: one due component, one gate: what must hold of its own days' events for it to pay.

{# A gate looks at all days of the component's own plan and role in the period, whatever the segment paid (S-MOVE). An
   agent without one event of the kind is taken as its if_missing says; of a kind whose export never came nothing is
   known, and the gate is shut (S-EXPORT). #}

with

gate as (
    select *
    from {{ ref('policy_component_event') }}
    where use = 'gate'
),

absent as (
    select distinct
        period_id,
        subject_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'event_kind'
),

observed as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        gate.event_kind,
        gate.comparison,
        gate.threshold_value,
        gate.if_missing,
        gate.clause_id,
        gate.value_origin,
        absent.subject_id is null as has_export,
        -- What holds throughout stands in every segment: once is enough.
        coalesce(
            max(case when event.is_standing then event.quantity end),
            sum(case when not event.is_standing then event.quantity end)
        ) as seen_quantity
    from {{ ref('bonus_due_days') }} as due
    inner join gate
        on
            due.component_id = gate.component_id
            and due.period_id = gate.period_id
    left join {{ ref('bonus_own_event') }} as event
        on
            due.agent_id = event.agent_id
            and due.period_id = event.period_id
            and due.component_id = event.component_id
            and due.segment_no = event.segment_no
            and gate.event_kind = event.event_kind
    left join absent
        on
            gate.period_id = absent.period_id
            and gate.event_kind = absent.subject_id
    group by
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        gate.event_kind,
        gate.comparison,
        gate.threshold_value,
        gate.if_missing,
        gate.clause_id,
        gate.value_origin,
        absent.subject_id
),

judged as (
    select
        *,
        case
            when not has_export then false
            when seen_quantity is null then if_missing = 'met'
            when comparison = 'at_most' then seen_quantity <= threshold_value
            when comparison = 'at_least' then seen_quantity >= threshold_value
            else false
        end as is_open
    from observed
)

select
    agent_id,
    period_id,
    component_id,
    segment_no,
    event_kind,
    comparison,
    threshold_value,
    if_missing,
    clause_id,
    value_origin,
    cast(case when has_export then coalesce(seen_quantity, 0) end as decimal(18, 6)) as event_quantity,
    is_open,
    case
        when not has_export then 'no_export'
        when is_open then 'met'
        else 'not_met'
    end as status
from judged
