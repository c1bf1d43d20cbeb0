-- Grain: one team or the centre, one month, one KPI: its value and the lowest and highest target of those scored. A sum
-- has none: targets are one agent's.
with

aim as (
    select period_id, kpi_id, coalesce(team_id, '') as team_id, target_value
    from marts.mart_agent_scorecard
    inner join marts.dim_kpi using (kpi_id)
    where period_kind = 'month' and target_value is not null and dim_kpi.aggregation <> 'sum'
),

aims as (
    select 'team' as group_kind, team_id as group_id, period_id, kpi_id, min(target_value) as low, max(target_value) as high
    from aim
    group by all
    union all
    select 'centre', 'centre', period_id, kpi_id, min(target_value), max(target_value)
    from aim
    group by all
)

select
    kpi.group_kind, kpi.group_id, coalesce(kpi.team_name, '') as team_name, kpi.period_id, kpi.kpi_id,
    kpi.kpi_name_en, kpi.kpi_name_zh, kpi.unit, kpi.direction, kpi.value, aims.low, aims.high,
    definition.aggregation = 'sum' as is_sum
from marts.mart_team_kpi as kpi
inner join marts.dim_kpi as definition using (kpi_id)
left join aims using (group_kind, group_id, period_id, kpi_id)
where kpi.period_kind = 'month' and kpi.group_kind in ('team', 'centre')
order by kpi.kpi_id, kpi.group_kind, kpi.group_id, kpi.period_id
