-- The number of each line below its bonus, however it came about: computed, settled, adjusting.
select distinct line.bonus_line_id as start_key, edge.node_key
from (from a.bonus.bonus_line union all by name from b.bonus.bonus_line) as line
inner join edge
    on edge.parent_key = 'bonus:' || line.bonus_id and edge.operand = 'term'
    and substr(edge.node_key, strpos(edge.node_key, ':') + 1) = line.bonus_line_id
where line.bonus_line_id in (select unnest($lines))
