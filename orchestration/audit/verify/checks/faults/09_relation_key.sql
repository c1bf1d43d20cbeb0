-- keys of relations are whole
-- in: audit.relation_key
select 'relation=' || relation as key, 'is of another model, or lacks a column' as problem
from {audit.relation_key}
qualify model <> split_part(relation, '.', 2)
    or position <> row_number() over (partition by relation order by position)
