-- trace = the calculation, spread out
-- in: audit.bonus_trace
with trace as (
    select *, node_id in (bonus_id, bonus_id || '/' || node_key) as is_own from {audit.bonus_trace}
),
operand as (
    select * replace (row_number() over (
        partition by parent_key order by operand = 'row', position, operand, node_key
    ) as position)
    from {audit.calculation_operand} where operand <> 'member'
)
select 'node_id=' || trace.node_id as key, 'is no operand there of what it hangs below' as problem
from trace
left join trace as parent on trace.bonus_id = parent.bonus_id
    and trace.parent_node_id = parent.node_id and parent.is_own and trace.depth = parent.depth + 1
left join operand on parent.node_key = operand.parent_key and trace.node_key = operand.node_key
    and trace.operand = operand.operand and trace.position = operand.position
    and trace.is_chosen is not distinct from operand.is_chosen
where operand.node_key is null
    and not (trace.parent_node_id is null and trace.depth = 0 and trace.position = 1)
union all
select 'node_id=' || parent.node_id, 'does not show its operand ' || operand.node_key
from trace as parent
inner join operand on parent.node_key = operand.parent_key and parent.is_own
anti join trace on parent.bonus_id = trace.bonus_id and parent.node_id = trace.parent_node_id
    and operand.node_key = trace.node_key and operand.operand = trace.operand
union all
select 'node_id=' || node_id, 'is taken apart, or not, otherwise than its place says'
from trace inner join {audit.calculation_node} as number using (node_key)
where trace.operation is distinct from case when is_own then number.operation end
    or is_shared <> (not is_own and node_key in (select parent_key from operand))
union all
select 'bonus_id=' || bonus_id, 'has no trace'
from {bonus.bonus} as bonus
anti join trace on bonus.bonus_id = trace.bonus_id and trace.parent_node_id is null
