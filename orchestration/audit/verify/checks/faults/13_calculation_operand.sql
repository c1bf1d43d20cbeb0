-- every number is part of another
-- in: audit.calculation_operand
select 'node_key=' || node_key as key, 'the number is part of nothing' as problem
from {audit.calculation_node} as node
where kind in ('score_line', 'score_part', 'curve', 'gate', 'line') and operation is not null
    and input_model is distinct from 'bonus_line_computed'
    and node_key not in (select node_key from {audit.calculation_operand})
