-- the candidate is no member of the cohort
-- in: bonus.bonus_ranking
select concat_ws(':', 'candidate', period_id, component_id, subject_id) as key
from {bonus.bonus_ranking}
-- found:
select node_key as key
from {audit.calculation_operand}
where operand = 'member'
