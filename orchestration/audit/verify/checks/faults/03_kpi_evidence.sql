-- evidence is credited to the job history of its day
-- in: kpi.kpi_evidence
select concat_ws(' ', kpi_id, evidence_model, evidence_key) as key,
    'is counted or credited otherwise than the job history of its day says' as problem
from {kpi.kpi_evidence} as evidence
-- Nobody is looked up for what is dated outside the months that there are.
left join {facts.dim_period} as month on evidence.month_id = month.period_id and month.period_kind = 'month'
left join {facts.dim_agent_segment} as segment on evidence.agent_id = segment.agent_id
    and event_on >= segment_from_on and event_on < segment_to_on
    and month.period_id is not null
where evidence.team_id is distinct from segment.team_id
    or evidence.department is distinct from segment.department
    or is_counted <> (is_counted_for_centre and segment.agent_id is not null)
