-- Grain: one team_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'team', ['team_id']) }}
)

select
    team_id,
    team_name,
    department,
    lead_agent_id,
    {{ source_columns() }}
from newest
