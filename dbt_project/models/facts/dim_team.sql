-- Grain: one team.

select
    team_id,
    team_name,
    department,
    lead_agent_id,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_workforce__team') }}
