-- every number under a bonus is of its agent
-- in: audit.calculation_operand
select 'node_id=' || node_id as key, 'is a number of another agent' as problem
from {audit.bonus_trace} as trace
inner join {bonus.bonus} as bonus using (bonus_id)
inner join {audit.relation_key} as own on input_model = own.model and own.column_name = 'agent_id'
where split_part(input_key, ':', own.position) <> split_part(bonus.agent_id, ':', 1)
