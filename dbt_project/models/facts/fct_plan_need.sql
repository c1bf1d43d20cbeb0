-- Grain: one plan in use, one table or optional column of an export that it reads, one thing of the plan that does.

select
    scheme_id,
    table_name,
    coalesce(column_name, '') as column_name,
    needed_by,
    clause_id,
    status
from {{ source('run', 'plan_need') }}
