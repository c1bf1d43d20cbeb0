-- Rows that one KPI counts for more than one agent: a ruling on one of them moves all of these.
select
    evidence.kpi_id, evidence.evidence_model, evidence.evidence_key, evidence.agent_id, evidence.month_id,
    evidence.numerator, evidence.denominator
from evidence
inner join (
    select kpi_id, evidence_model, evidence_key
    from evidence
    where is_counted
    group by kpi_id, evidence_model, evidence_key
    having min(agent_id) <> max(agent_id)
) as shared
    on
        evidence.kpi_id = shared.kpi_id
        and evidence.evidence_model = shared.evidence_model
        and evidence.evidence_key = shared.evidence_key
where evidence.is_counted
