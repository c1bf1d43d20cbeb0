-- Grain: one operand of one number of the calculation.

{# Rows of a table are operands of every number that is looked up in it. #}

with

stated as (
    select * from {{ ref('calculation') }}
),

table_row as (
    select
        table_key,
        node_key,
        input_key,
        row_number() over (
            partition by table_key
            order by position asc nulls last, node_key asc nulls last
        ) as row_order
    from stated
    where row_key is not null or kind = 'band'
)

select
    parent_key,
    node_key,
    agent_id,
    period_id,
    operand,
    position,
    cast(null as boolean) as is_chosen,
    part
from stated
where parent_key is not null
union all
select
    looked_up.node_key as parent_key,
    table_row.node_key,
    looked_up.agent_id,
    looked_up.period_id,
    'row' as operand,
    table_row.row_order as position,
    coalesce(table_row.input_key = looked_up.chosen_key, false) as is_chosen,
    looked_up.part
from (
    select distinct
        node_key,
        agent_id,
        period_id,
        table_key,
        chosen_key,
        part
    from stated
    where operation in ('row', 'last_row') and table_key is not null
) as looked_up
inner join table_row
    on looked_up.table_key = table_row.table_key
