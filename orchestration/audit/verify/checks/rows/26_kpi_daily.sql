-- daily sums = sum of evidence
-- in: kpi.kpi_daily
select kpi_id, event_on, agent_id, team_id, department, evidence_model, is_counted, is_counted_for_centre,
    exclusion_reason, month_id, sum(numerator) as numerator, sum(denominator) as denominator,
    count(*) as row_count, count(ruling_id) as ruled_row_count
from {kpi.kpi_evidence} group by all
