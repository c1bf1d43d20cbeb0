-- Rows that one KPI counts for more than one agent: a ruling on one of them moves all of these.
with own as (
    select kpi_id, evidence_model, evidence_key, agent_id, month_id, numerator, denominator
    from kpi.kpi_evidence
    where is_counted and month_id in (select month_id from facts.dim_period_month where period_id = $period)
)
select own.*
from own
inner join (
    select kpi_id, evidence_model, evidence_key from own group by all having count(distinct agent_id) > 1
) as shared
    on
        own.kpi_id = shared.kpi_id
        and own.evidence_model = shared.evidence_model
        and own.evidence_key = shared.evidence_key
order by own.kpi_id, own.evidence_key, own.agent_id
