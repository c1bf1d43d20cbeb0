-- the line is no part of its bonus
-- in: bonus.bonus_line
select 'bonus:' || bonus_id || ' ' || bonus_line_id as key
from {bonus.bonus_line}
-- found:
select parent_key || ' ' || substr(node_key, strpos(node_key, ':') + 1) as key
from {audit.calculation_operand}
where operand = 'term'
    and starts_with(parent_key, 'bonus:')
