-- the bonus is no number of the calculation
-- in: bonus.bonus
select 'bonus:' || bonus_id as key
from {bonus.bonus}
-- found:
select node_key as key
from {audit.calculation_node}
