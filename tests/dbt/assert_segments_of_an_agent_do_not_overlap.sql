-- An agent holds one job on one day: otherwise a row would be credited, and a day paid, twice.

with

followed as (
    select
        agent_id,
        segment_from_on,
        segment_to_on,
        lead(segment_from_on) over (partition by agent_id order by segment_from_on asc nulls last) as next_from_on
    from {{ ref('dim_agent_segment') }}
)

select *
from followed
where next_from_on < segment_to_on
