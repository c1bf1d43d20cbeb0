-- Changed rows with the kind of cause that each is, by whom they are read: of anyone's (`*`) and nobody's (``).
-- Examples begin with the letter of their place.
create or replace temp table changed as
select * exclude (place, said), count(distinct said) as row_count, min(place || said, 3) as examples
from (
    -- Evidence may have been looked for by its name and, of a cell that says none, by every name.
    select distinct * replace (unnest(case when agent_id is null then [''] else [agent_id, '*'] end) as agent_id)
    from change where kind is not null
)
group by all;

create or replace temp table part_of_period as
select distinct period_id, unnest([period_id, month_id]) as part_id
from (from a.facts.dim_period_month union from b.facts.dim_period_month)
