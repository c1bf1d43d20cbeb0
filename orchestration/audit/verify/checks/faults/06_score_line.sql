-- scored where observed often enough, and of a weight
-- in: score.score_line
select concat_ws(':', agent_id, line.period_id, line.block, line.kpi_id) as key,
    'is scored or not otherwise than its policy row says' as problem
from {score.score_line} as line
inner join {score.score_place} as place using (agent_id, period_id)
inner join {policy.policy_score_kpi} as policy on line.period_id = policy.period_id
    and place.scheme_id = policy.scheme_id and line.kpi_id = policy.kpi_id
    and line.block = policy.block and policy.role in ('*', place.role)
where line.weight is distinct from cast(block_weight * kpi_weight as decimal(38, 6))
    or is_scored <> coalesce(
        value is not null and denominator >= min_sample and block_weight > 0 and kpi_weight > 0, false
    )
