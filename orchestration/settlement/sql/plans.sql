-- What each plan pays in a period: lines, agents, yuan.
select scheme_id, count(*), count(distinct agent_id), sum(amount_cny)
from bonus.bonus_line where period_id = $period_id group by scheme_id order by scheme_id
