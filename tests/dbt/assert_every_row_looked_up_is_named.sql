-- A number that is a row of a table says which row: by it a changed row is found to be the cause of a changed bonus.
with

looked_up as (
    select node_key
    from {{ ref('calculation_node') }}
    where
        operation in ('row', 'last_row')
        and (value is not null or text_value is not null)
),

chosen as (
    select parent_key
    from {{ ref('calculation_operand') }}
    where is_chosen
)

select
    looked_up.node_key,
    count(chosen.parent_key) as row_count
from looked_up
left join chosen
    on looked_up.node_key = chosen.parent_key
group by looked_up.node_key
having count(chosen.parent_key) <> 1
