-- facts that pay counts are all among the counted events
-- in: bonus.bonus_evidence
with fact as (
    select 'fct_contact' as evidence_model, contact_id as evidence_key, 'contact_' || channel as kind
    from {facts.fct_contact} where is_answered
    union all
    select 'fct_ticket', ticket_id, null from {facts.fct_ticket}
    union all
    select 'fct_quality_review', review_id, null from {facts.fct_quality_review}
    union all
    select 'fct_attendance', agent_id || ':' || worked_on, 'attendance_' || status
    from {facts.fct_attendance}
    union all
    select 'fct_recognition', recognition_id, kind from {facts.fct_recognition}
),
counted as (
    select evidence_model, evidence_key, list(event_kind) as kinds from {bonus.bonus_evidence}
        group by all
)
select concat_ws(' ', kind, evidence_model, evidence_key) as key,
    'is not counted, nor set aside' as problem
from fact left join counted using (evidence_model, evidence_key)
where kinds is null or not coalesce(list_contains(kinds, kind), true)
