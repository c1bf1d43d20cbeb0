-- Rulings still to be decided on rows of a period.
select distinct ruling.ruling_id
from facts.fct_ruling as ruling
inner join kpi.kpi_evidence as evidence
    on evidence.evidence_model = 'fct_' || ruling.entity and evidence.evidence_key = ruling.entity_id
inner join facts.dim_period_month as month on evidence.month_id = month.month_id
where ruling.decision = 'pending' and month.period_id = $period_id
order by ruling.ruling_id
