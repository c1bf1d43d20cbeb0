-- Grain: one agent: newest job attributes.

with

ranked as (
    select
        *,
        row_number() over (partition by agent_id order by segment_from_on desc nulls last) as recency
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
    hired_on,
    left_on
from ranked
where recency = 1
