-- Below each start that has no leaf: the deepest moved numbers (followed by `step`, or by `way` through those that did
-- not move as well), or all numbers (by `edge`), each with the nearest clause at or above it. Of what came or went as a
-- whole, its own numbers say nothing where others do. Ranks and sizes of groups that are passed are kept beside them:
-- whoever moved themselves may have been passed by others as well.
create or replace temp table reached as
with recursive reached as (
    select start_key, node_key, number.clause_id
    from start inner join number using (node_key) anti join leaf using (start_key)
    union
    select reached.start_key, number.node_key, coalesce(number.clause_id, reached.clause_id)
    from reached
    inner join {followed} as below on reached.node_key = below.parent_key
    inner join number on below.node_key = number.node_key
)
from reached;

insert into leaf
select start_key, node_key, min(clause_id)
from (
    select reached.*, is_one_sided and contains(node_key, start_key) as is_own
    from reached inner join number using (node_key)
    where
        '{followed}' = 'edge'
        or node_key in (select node_key from deepest)
        and (start_key, node_key) not in (select (start_key, node_key) from start)
)
group by start_key, node_key, is_own
qualify not is_own or bool_and(is_own) over (partition by start_key);

insert into passed
select distinct start_key, node_key from reached semi join cohort_of using (node_key)
