-- the due component has neither a line nor a reason why it pays nothing
-- in: bonus.bonus_line_computed
select concat_ws(':', period_id, agent_id, component_id, segment_no) as key
from {bonus.bonus_due}
-- found:
select concat_ws(':', period_id, agent_id, component_id, segment_no) as key
from {bonus.bonus_line_computed}
union all
select concat_ws(':', period_id, agent_id, component_id, segment_no)
from {bonus.bonus_unpaid}
