-- evidence is credited to the job history of its day
-- in: kpi.kpi_evidence
select concat_ws(' ', kpi_id, evidence_model, evidence_key) as key,
    'is counted or credited otherwise than the job history of its day says' as problem
from {kpi.kpi_evidence} as evidence
left join {facts.dim_agent_segment} as segment on evidence.agent_id = segment.agent_id
    and event_on >= segment_from_on and event_on < segment_to_on
    -- Nobody is looked up for what is dated outside the months that there are.
    and evidence.month_id in (select period_id from {facts.dim_period} where period_kind = 'month')
where evidence.team_id is distinct from segment.team_id
    or evidence.department is distinct from segment.department
    or is_counted <> (is_counted_for_centre and segment.agent_id is not null)
