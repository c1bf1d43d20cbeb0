-- The deepest moved numbers below each start, those of both publications first. The shape of a curve that came
-- or went as a whole is no number that moved: what was read on it says enough.
with shape as (
    select edge.node_key
    from edge inner join number as curve on edge.parent_key = curve.node_key
    where curve.operation = 'curve' and curve.is_one_sided and edge.operand <> 'value'
)
select start_key, deepest.* replace (coalesce(deepest.clause_id, leaf.clause_id) as clause_id)
from leaf
inner join deepest using (node_key)
anti join start using (start_key, node_key)
where
    not is_one_sided
    or node_key not in (select node_key from shape) and start_key not in (select unnest($one_sided))
order by start_key, is_one_sided, node_key
