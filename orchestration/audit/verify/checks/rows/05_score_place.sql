-- scored under the last plan held that has a score
-- in: score.score_place
select agent_id, period_id, period_kind, scheme_id, role, team_id, last_day_on
from {facts.dim_agent_period_segment}
where (period_id, scheme_id) in (select (period_id, scheme_id) from {policy.policy_score_kpi})
qualify row_number() over (partition by agent_id, period_id order by segment_no desc) = 1
