-- Grain: one place of one number in the tree under one agent's bonus of one period.

{# No second writing: the tree is the part of the calculation below one bonus, spread out. Each number is taken apart
   once in a tree, where it is nearest to the bonus; where it is used again, it is shown and not taken apart. Members of
   a cohort are other people's numbers: a rank and the size of its group say what is to be known of them. So a tree has
   its agent's numbers and nobody's, and the trees of many agents are grown some hundred agents at a time. #}

with recursive

number as (
    select * from {{ ref('calculation_node') }}
    where {{ is_in_group('agent_id') }}
),

operand as (
    select * from {{ ref('calculation_operand') }}
    where operand <> 'member' and {{ is_in_group('agent_id') }}
),

bonus_number as (
    select
        number.node_key as bonus_key,
        bonus.bonus_id,
        bonus.period_id
    from number
    inner join {{ ref('bonus') }} as bonus
        on number.input_key = bonus.bonus_id
    where number.kind = 'bonus'
),

reached as (
    select
        bonus_key,
        bonus_key as node_key,
        cast(0 as bigint) as depth
    from bonus_number
    {{ each_once() }}
    select
        reached.bonus_key,
        operand.node_key,
        reached.depth + 1 as depth
    from reached
    inner join operand
        on reached.node_key = operand.parent_key
    where reached.depth < {{ deepest_tree() }}
),

nearest as (
    select
        bonus_key,
        node_key,
        min(depth) as depth
    from reached
    group by bonus_key, node_key
),

place as (
    select
        parent.bonus_key,
        parent.node_key as parent_key,
        operand.node_key,
        operand.operand,
        operand.is_chosen,
        parent.depth + 1 as depth,
        row_number() over (
            partition by parent.bonus_key, parent.node_key
            order by
                case operand.operand when 'row' then 1 else 0 end asc nulls last,
                operand.position asc nulls last,
                operand.operand asc nulls last,
                operand.node_key asc nulls last
        ) as position,
        row_number() over (
            partition by parent.bonus_key, operand.node_key
            order by
                parent.depth asc nulls last,
                parent.node_key asc nulls last,
                operand.operand asc nulls last,
                operand.position asc nulls last
        ) > 1 as is_again
    from nearest as parent
    inner join operand
        on parent.node_key = operand.parent_key
),

taken_apart as (
    select distinct parent_key as node_key from operand
),

placed as (
    select
        bonus_number.bonus_id,
        bonus_number.period_id,
        bonus_number.bonus_id as node_id,
        cast(null as string) as parent_node_id,
        bonus_number.bonus_key as node_key,
        cast(null as string) as operand,
        cast(null as boolean) as is_chosen,
        cast(1 as bigint) as position,
        cast(0 as bigint) as depth,
        false as is_again
    from bonus_number
    union all
    select
        bonus_number.bonus_id,
        bonus_number.period_id,
        bonus_number.bonus_id || '/' || case
            when place.is_again
                then place.parent_key || '>' || cast(place.position as string) || '>' || place.node_key
            else place.node_key
        end as node_id,
        bonus_number.bonus_id || case
            when place.parent_key = bonus_number.bonus_key then ''
            else '/' || place.parent_key
        end as parent_node_id,
        place.node_key,
        place.operand,
        place.is_chosen,
        place.position,
        place.depth,
        place.is_again
    from place
    inner join bonus_number
        on place.bonus_key = bonus_number.bonus_key
)

select
    placed.bonus_id,
    placed.node_id,
    placed.parent_node_id,
    placed.position,
    placed.depth,
    number.kind,
    case when not placed.is_again then number.operation end as operation,
    placed.operand,
    number.label,
    number.label_zh,
    number.value,
    number.text_value,
    number.unit,
    placed.is_chosen,
    number.reason,
    number.reason_zh,
    number.effective_from_on as effective_from,
    number.clause_id,
    number.value_origin,
    number.decimals,
    number.is_exact,
    number.row_key,
    number.band_side,
    number.input_model,
    number.input_key,
    number.input_column,
    placed.node_key,
    placed.is_again and taken_apart.node_key is not null as is_shared,
    placed.period_id
from placed
inner join number
    on placed.node_key = number.node_key
left join taken_apart
    on placed.node_key = taken_apart.node_key
