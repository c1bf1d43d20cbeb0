-- Grain: one plan in use, one table or optional column of an export that it reads, one thing of the plan that does.

select
    need.scheme_id,
    need.table_name,
    need.column_name,
    need.needed_by,
    need.status,
    need.status <> 'there' as is_lacking,
    case need.status
        when 'absent' then 'no_export'
        when 'empty' then 'no_rows'
    end as reason,
    case need.status
        when 'absent' then 'never came'
        when 'empty' then 'is empty'
        else 'is there'
    end as label_en,
    case need.status
        when 'absent' then '从未收到'
        when 'empty' then '为空'
        else '已收到'
    end as label_zh,
    need.clause_id
from {{ ref('fct_plan_need') }} as need
