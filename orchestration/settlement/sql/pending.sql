-- Rulings still to be decided on rows of a period, whatever counts them: KPIs, or pay alone (a review that gives points
-- without a score). A ruling on a contact or ticket decides on its ratings as well, which may have come later.
with ruled as (
    select ruling_id, 'fct_' || entity as evidence_model, entity_id as evidence_key
    from facts.fct_ruling where decision = 'pending'
    union all
    select ruling.ruling_id, 'fct_survey', survey.survey_id
    from facts.fct_ruling as ruling
    inner join facts.fct_survey as survey
        on ruling.entity = 'contact' and ruling.entity_id = survey.contact_id
        or ruling.entity = 'ticket' and ruling.entity_id = survey.ticket_id
    where ruling.decision = 'pending'
),
counted as (
    select evidence_model, evidence_key, month_id from kpi.kpi_evidence
    union all
    select evidence_model, evidence_key, month_id from bonus.bonus_evidence
)
select distinct ruled.ruling_id
from ruled
inner join counted using (evidence_model, evidence_key)
inner join facts.dim_period_month as month using (month_id)
where month.period_id = $period_id
order by ruled.ruling_id
