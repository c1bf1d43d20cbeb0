-- Grain: one team; '' for agents of none.

select
    team_id,
    team_name,
    department,
    lead_agent_id
from {{ ref('dim_team') }}
union all
select
    '' as team_id,
    'No team 未分组' as team_name,
    cast(null as string) as department,
    cast(null as string) as lead_agent_id
