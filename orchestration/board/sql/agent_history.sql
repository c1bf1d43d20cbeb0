-- Grain: one agent, one period: score, grade, rank and bonus.
select
    coalesce(said.agent_id, bonus.agent_id) as agent_id, coalesce(said.period_id, bonus.period_id) as period_id,
    said.total_score, said.grade, said.rank, said.cohort_size, bonus.amount_cny, coalesce(bonus.maturity, said.maturity) as maturity
from marts.mart_agent_period as said
full join bonus.bonus as bonus on said.agent_id = bonus.agent_id and said.period_id = bonus.period_id
order by 1, coalesce(bonus.period_kind, said.period_kind), 2 desc
