-- Changed rows that the wanted cells rest on. A cell of nobody's own rests on the changes of anyone (`*`), and
-- every cell on those of nobody's own.
with cell as ({cells}),
read as (
    select distinct
        start_key, source, team_id, name, part_id,
        unnest(case when agent_id is null then ['*', ''] else [agent_id, ''] end) as agent_id
    from cell inner join wanted using (input_model, input_key) inner join part_of_period using (period_id)
),
met as (
    select distinct start_key, changed.*
    from read inner join changed
        on read.source = changed.source and read.part_id = changed.period_id
        and read.agent_id = changed.agent_id and coalesce(read.name = changed.name, true)
        and coalesce(read.team_id = changed.team_id, true)
)
select
    start_key, kind, cast(sum(row_count) as bigint) as n,
    [
        substr(example, 2)
        for example in list_slice(list_sort(list_distinct(flatten(list(examples)))), 1, $examples)
    ] as examples
from met group by all order by all
