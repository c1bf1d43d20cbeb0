-- Grain: one agent's newest bonus of each kind of period, whether or not it has a line.
select agent_id, period_kind, period_id, amount_cny
from bonus.bonus
qualify period_id = max(period_id) over (partition by agent_id, period_kind)
order by agent_id, period_kind
