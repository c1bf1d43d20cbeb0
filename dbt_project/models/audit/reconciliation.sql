-- Grain: one table of the contract: rows in = loaded + superseded + rejected.

select
    table_name,
    cast(count(*) as bigint) as load_count,
    cast(sum(row_count) as bigint) as row_count,
    cast(sum(loaded_row_count) as bigint) as loaded_row_count,
    cast(sum(superseded_row_count) as bigint) as superseded_row_count,
    cast(sum(rejected_row_count) as bigint) as rejected_row_count,
    sum(row_count) = sum(loaded_row_count) + sum(superseded_row_count) + sum(rejected_row_count) as is_balanced
from {{ ref('fct_load') }}
group by table_name
