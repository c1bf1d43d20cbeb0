-- Grain: one agent with any day in service: newest job attributes, no pay.

select
    agent_id,
    agent_name,
    coalesce(team_id, '') as team_id,
    department,
    role,
    customer_group,
    level,
    employment,
    scheme_id,
    hired_on,
    left_on
from {{ ref('dim_agent') }}
