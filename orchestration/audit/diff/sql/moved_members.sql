-- Of each start with a rank or the size of a group in `leaf`: who moved, came or left there, and the number by
-- which they are compared.
select distinct
    leaf.start_key, member.node_key,
    coalesce(who.text_b, who.text_a, split_part(who.input_key, ':', 1)) as who,
    case when not is_in_a then 'came' when not is_in_b then 'left' else 'moved' end as how
from leaf
inner join number using (node_key)
inner join edge on leaf.node_key = edge.parent_key
inner join operand as member on edge.node_key = member.parent_key and member.operand = 'member'
inner join number as who on member.node_key = who.node_key
left join moved on member.node_key = moved.node_key and number.operation <> 'count'
where moved.node_key is not null or not (is_in_a and is_in_b)
order by all
