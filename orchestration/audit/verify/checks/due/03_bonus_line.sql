-- the line is no number of the calculation
-- in: bonus.bonus_line
select bonus_line_id as key
from {bonus.bonus_line}
-- found:
select substr(node_key, strpos(node_key, ':') + 1) as key
from {audit.calculation_node}
where kind in ('line', 'settled', 'adjustment')
