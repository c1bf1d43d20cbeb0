-- Changed rows that the cells of `read_cell` rest on.
with met as (
    select distinct start_key, changed.*
    from read_cell as read inner join changed
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
