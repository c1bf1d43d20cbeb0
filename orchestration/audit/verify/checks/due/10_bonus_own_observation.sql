-- the month is no part of what was attained
-- in: bonus.bonus_own_observation
select concat_ws(':', 'own_numerator', own.agent_id, own.period_id, own.component_id, own.kpi_id, own.month_id) as key
from {bonus.bonus_own_observation} as own
inner join {bonus.bonus_attainment} as attained using (agent_id, period_id, component_id, kpi_id)
left join {facts.fct_target} as whole
    on own.agent_id = whole.agent_id
    and own.period_id = whole.period_id
    and own.kpi_id = whole.metric
left join {facts.fct_target} as part
    on own.agent_id = part.agent_id
    and own.month_id = part.period_id
    and own.kpi_id = part.metric
where whole.target_value is not null or part.target_value > 0 or attained.target_value is null
-- found:
select node_key as key
from {audit.calculation_operand}
where operand = 'term'
