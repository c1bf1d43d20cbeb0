-- Grain: one agent_id, one effective_from: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'agent', ['agent_id', 'effective_from']) }}
)

select
    agent_id,
    effective_from,
    agent_name,
    team_id,
    department,
    role,
    customer_group,
    level,
    employment,
    education,
    hired_on,
    left_on,
    base_salary,
    scheme_id,
    {{ source_columns() }}
from newest
