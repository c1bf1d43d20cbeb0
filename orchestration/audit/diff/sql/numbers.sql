-- The numbers and edges of both publications, as far as they are given, and how they moved.

-- A number that is otherwise the same (another cell, in force from another day) moves none above it. One that
-- is open, without a value of its own (an order) or read unrounded, has moved where one below it has.
create or replace temp table number as
select
    node_key,
    coalesce(other.label, one.label) as label, coalesce(other.label_zh, one.label_zh) as label_zh,
    coalesce(other.unit, one.unit) as unit, coalesce(other.operation, one.operation) as operation,
    coalesce(other.clause_id, one.clause_id) as clause_id,
    coalesce(other.input_model, one.input_model) as input_model,
    coalesce(other.input_key, one.input_key) as input_key,
    one.value as value_a, other.value as value_b,
    one.text_value as text_a, other.text_value as text_b,
    one.kind is null or other.kind is null as is_one_sided,
    is_one_sided
    or (value_a, text_a, one.row_key, one.operation)
    is distinct from (value_b, text_b, other.row_key, other.operation) as differs,
    one.is_exact or other.is_exact
    or coalesce(value_a, value_b) is null
    and (coalesce(text_a, text_b) is null or coalesce(one.operation, other.operation) = 'order') as is_open
from ({nodes_a}) as one
full outer join ({nodes_b}) as other using (node_key);

-- Rows of a table are operands where they applied. Most are those of both.
create or replace temp table edge as
select parent_key, node_key, operand from ({operands_b}) where operand <> 'member' and (operand <> 'row' or is_chosen);

insert into edge
select parent_key, node_key, operand from ({operands_a}) where operand <> 'member' and (operand <> 'row' or is_chosen)
except
from edge;

create or replace temp table moved as
with recursive moved as (
    select node_key from number where differs
    union
    select edge.parent_key
    from moved
    inner join edge using (node_key)
    inner join number on edge.parent_key = number.node_key and number.is_open
)
select number.* from moved inner join number using (node_key);

-- The two sums of a ratio are said by it, and are not taken apart.
create or replace temp table part as
select edge.parent_key, edge.node_key
from edge
inner join moved on edge.parent_key = moved.node_key and moved.differs
inner join number on edge.node_key = number.node_key and number.operation is null
where edge.operand in ('numerator', 'denominator');

create or replace temp table step as
select edge.parent_key, edge.node_key
from edge
semi join moved on edge.parent_key = moved.node_key
semi join moved on edge.node_key = moved.node_key
anti join part on edge.parent_key = part.parent_key and edge.node_key = part.node_key;

create or replace temp table deepest as
select * from moved
anti join step on moved.node_key = step.parent_key
anti join part on moved.node_key = part.node_key
where coalesce(moved.operation, moved.input_model) is not null;

-- A line may be told otherwise though its amount is the same (another row of a table that pays as much), and a sum of a
-- ratio may move whose value stays (a sample that is too small no longer): from a number that did not move, and from a
-- deepest one, any below it is looked at, from others those that moved it.
create or replace temp view way as
select parent_key, node_key from edge
where parent_key not in (select node_key from moved) or parent_key in (select node_key from deepest)
union all
from step;

-- Who is ranked in each cohort: how they moved, and the numbers that are a rank or the size of one.
create or replace temp table cohort_member as
with member as (
    select parent_key, node_key, max(is_in_a) as is_in_a, max(is_in_b) as is_in_b
    from (
        select parent_key, node_key, operand, true as is_in_a, false as is_in_b from ({operands_a})
        union all
        select parent_key, node_key, operand, false, true from ({operands_b})
    )
    where operand = 'member'
    group by all
)
select
    member.parent_key as cohort_key, member.node_key,
    coalesce(number.text_b, number.text_a, split_part(number.input_key, ':', 1)) as who,
    case when not is_in_a then 'came' when not is_in_b then 'left' else 'moved' end as how
from member
inner join number using (node_key)
where not (is_in_a and is_in_b) or member.node_key in (select node_key from moved);

create or replace temp table cohort_of as
select edge.parent_key as node_key, edge.node_key as cohort_key, number.operation = 'count' as is_size
from edge inner join number on edge.parent_key = number.node_key
where edge.node_key in (select cohort_key from cohort_member);

-- What is looked for, and what was found below each.
create temp table if not exists start (start_key text, node_key text);
create temp table if not exists leaf (start_key text, node_key text, clause_id text);
create temp table if not exists passed (start_key text, node_key text);
