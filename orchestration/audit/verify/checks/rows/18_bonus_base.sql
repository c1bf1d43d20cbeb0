-- base of a share = the lines of its component
-- in: bonus.bonus_base
select agent_id, period_id as month_id, component_id, segment_no, quantity as whole_amount_cny
from {bonus.bonus_line_computed}
where (component_id, period_id) in (select (component_id, month_id) from {bonus.bonus_base})
