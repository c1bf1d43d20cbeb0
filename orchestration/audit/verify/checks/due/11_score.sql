-- the quarter is no part of its year
-- in: score.score
select distinct 'score:' || quarter.agent_id || ':' || quarter.period_id as key
from {score.score} as quarter
inner join {facts.dim_period_month} as own using (period_id)
inner join {facts.dim_period_month} as months
    on own.month_id = months.month_id
inner join {score.score_line} as line
    on line.period_id = months.period_id
    and line.agent_id = quarter.agent_id
    and months.period_kind = 'year'
    and line.is_scored
inner join {policy.policy_score_measure} as measure
    on line.period_id = measure.period_id
    and line.kpi_id = measure.measure_id
    and measure.kind = 'total'
where quarter.period_kind = 'quarter'
    and quarter.total_score is not null
-- found:
select node_key as key
from {audit.calculation_operand}
where operand = 'term'
