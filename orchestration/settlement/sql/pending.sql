-- Rulings still to be decided on rows of a period. One of every KPI also decides on what pay alone counts (a review that
-- gives points without a score), and of a contact or ticket on its ratings, which may have come in a later period.
with pending as (
    select ruling_id, entity, entity_id, kpi_scope = '*' as is_of_all
    from facts.fct_ruling where decision = 'pending'
),
ruled as (
    select ruling_id, 'fct_' || entity as evidence_model, entity_id as evidence_key, is_of_all from pending
    union all
    select pending.ruling_id, 'fct_survey', survey.survey_id, true
    from pending inner join facts.fct_survey as survey on pending.entity_id = survey.contact_id
    where pending.entity = 'contact' and is_of_all
    union all
    select pending.ruling_id, 'fct_survey', survey.survey_id, true
    from pending inner join facts.fct_survey as survey on pending.entity_id = survey.ticket_id
    where pending.entity = 'ticket' and is_of_all
),
counted as (
    select evidence_model, evidence_key, month_id, false as is_pay from kpi.kpi_evidence
    union all
    select evidence_model, evidence_key, month_id, true from bonus.bonus_evidence
)
select distinct ruled.ruling_id
from ruled
inner join counted using (evidence_model, evidence_key)
inner join facts.dim_period_month as month using (month_id)
where month.period_id = $period_id and (is_of_all or not is_pay)
order by ruled.ruling_id
