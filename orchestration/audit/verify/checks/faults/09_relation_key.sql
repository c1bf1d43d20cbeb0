-- keys of relations are whole
-- in: audit.relation_key
select 'relation=' || relation as key, 'is of another model, or lacks a column' as problem
from {audit.relation_key}
-- A model's name is its relation's, but for the star: marts.dim_team is the model star_team.
qualify model <> regexp_replace(regexp_replace(relation, '^marts\.dim_', 'marts.star_'), '^\w+\.', '')
    or position <> row_number() over (partition by relation order by position)
