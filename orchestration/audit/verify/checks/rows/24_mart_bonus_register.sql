-- register = bonus lines
-- in: marts.mart_bonus_register
select line.bonus_line_id, line.bonus_id, agent_name, bonus.amount_cny as bonus_amount_cny,
    bonus.maturity
from {bonus.bonus_line} as line
inner join {bonus.bonus} as bonus using (bonus_id)
left join {facts.dim_agent} as agent on line.agent_id = agent.agent_id
