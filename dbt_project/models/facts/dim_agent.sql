-- Grain: one agent: newest job attributes.

with

ranked as (
    select
        *,
        row_number() over (partition by agent_id order by segment_from_on desc nulls last) as recency,
        min(segment_from_on) over (partition by agent_id) as first_day_on
    from {{ ref('dim_agent_segment') }}
)

select
    agent_id,
    agent_name,
    team_id,
    department,
    role,
    customer_group,
    level,
    employment,
    scheme_id,
    coalesce(hired_on, first_day_on) as hired_on,
    left_on
from ranked
where recency = 1
