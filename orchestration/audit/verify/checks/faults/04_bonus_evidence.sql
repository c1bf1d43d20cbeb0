-- counted events are of the fact that they lead to, and of the segment of its day
-- in: bonus.bonus_evidence
with fact as (
    select 'fct_contact' as model, contact_id as key, [agent_id] as agents, started_on as day,
        invalid_reason as reason, 1 as quantity from {facts.fct_contact}
    union all
    select 'fct_ticket', ticket_id, [recording_agent_id, assignee_id], created_on, invalid_reason, 1
    from {facts.fct_ticket}
    union all
    select 'fct_quality_review', review_id, [agent_id], reviewed_on, invalid_reason, deduction_points
    from {facts.fct_quality_review}
    union all
    select 'fct_attendance', agent_id || ':' || worked_on, [agent_id], worked_on, null, 1
    from {facts.fct_attendance}
    union all
    select 'fct_recognition', recognition_id, [agent_id], occurred_on,
        case when status is distinct from 'accepted' then coalesce(status, 'pending') end, points
    from {facts.fct_recognition}
),
judged as (
    select event.*, fact.* exclude (quantity, reason), fact.quantity as own_quantity,
        segment.month_id as held_month_id, segment.segment_no as held_segment_no,
        case
            when event_on > context.as_of_on then 'future'
            when event_on < first.starts_on then 'before_first_period'
            when fact.reason is not null then fact.reason
            when event.agent_id is null then 'no_agent'
            when segment.agent_id is null then 'unknown_agent'
        end as reason
    from {bonus.bonus_evidence} as event
    cross join {facts.dim_run_context} as context
    cross join (
        select min(starts_on) as starts_on from {facts.dim_period} where period_kind = 'month'
    ) as first
    left join fact on evidence_model = fact.model and evidence_key = fact.key
    left join {facts.dim_agent_month_segment} as segment on event.agent_id = segment.agent_id
        and event_on between first_day_on and segment.last_day_on
)
select concat_ws(' ', event_kind, evidence_model, evidence_key) as key,
    'is of another agent, day or quantity than its fact, or counts otherwise than they say' as problem
from judged
where judged.key is null or event_on is distinct from day
    or not coalesce(list_contains(agents, agent_id), agent_id is null)
    or (quantity <> 1 and quantity is distinct from coalesce(own_quantity, 0))
    or exclusion_reason is distinct from reason or month_id is distinct from held_month_id
    or segment_no is distinct from held_segment_no
