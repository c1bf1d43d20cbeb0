-- the plan scores it, and it has no score line
-- in: score.score_line
select concat_ws(':', place.agent_id, place.period_id, policy.block, policy.kpi_id) as key
from {score.score_place} as place
inner join {policy.policy_score_kpi} as policy
    on place.period_id = policy.period_id
    and place.scheme_id = policy.scheme_id
    and (policy.role = place.role or policy.role = '*')
-- found:
select input_key as key
from {audit.calculation_node}
where kind = 'score_line'
