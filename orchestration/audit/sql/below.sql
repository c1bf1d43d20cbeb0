-- Operands below the numbers `roots`. What is published of another member of a cohort is not followed further.
with recursive edge as materialized (
    select
        operand.parent_key, operand.node_key,
        operand.operand = 'member' as is_member, said.node_key is not null as is_said
    from audit.calculation_operand as operand
    left join (
        select node_key from audit.calculation_node
        where $with_members and value is not null and is_exact is not true
    ) as said on operand.node_key = said.node_key
    where $with_members or operand.operand <> 'member'
),
below as (
    select unnest($roots) as node_key, false as is_other, false as is_said
    union
    select edge.node_key, below.is_other or edge.is_member, edge.is_said
    from below inner join edge on below.node_key = edge.parent_key
    where not (below.is_other and below.is_said)
)
select * from audit.calculation_operand
where
    parent_key in (select node_key from below where not (is_other and is_said))
    and ($with_members or operand <> 'member')
