-- Grain: one team, department or the centre, one period, one KPI.

select
    observation.group_kind,
    observation.group_id,
    team.team_name,
    observation.period_kind,
    observation.period_id,
    observation.kpi_id,
    definition.name_en as kpi_name_en,
    definition.name_zh as kpi_name_zh,
    definition.unit,
    definition.direction,
    observation.numerator,
    observation.denominator,
    observation.value
from {{ ref('kpi_group_observation') }} as observation
inner join {{ ref('policy_kpi_period') }} as definition
    on
        observation.kpi_id = definition.kpi_id
        and observation.period_id = definition.period_id
left join {{ ref('dim_team') }} as team
    on
        observation.group_kind = 'team'
        and observation.group_id = team.team_id
