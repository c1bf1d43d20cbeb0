-- Teams, and departments, add up to the agents: nobody is counted twice when moved, and nobody lost.

with

by_agents as (
    select
        period_id,
        kpi_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('kpi_observation') }}
    group by period_id, kpi_id
),

by_groups as (
    select
        group_kind,
        period_id,
        kpi_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('kpi_group_observation') }}
    where group_kind in ('team', 'department')
    group by group_kind, period_id, kpi_id
)

select
    by_groups.group_kind,
    by_groups.period_id,
    by_groups.kpi_id,
    by_groups.numerator,
    by_agents.numerator as agents_numerator
from by_groups
inner join {{ ref('policy_kpi_period') }} as definition
    on
        by_groups.period_id = definition.period_id
        and by_groups.kpi_id = definition.kpi_id
left join by_agents
    on
        by_groups.period_id = by_agents.period_id
        and by_groups.kpi_id = by_agents.kpi_id
where
    by_groups.numerator is distinct from by_agents.numerator
    or (definition.aggregation = 'ratio' and by_groups.denominator is distinct from by_agents.denominator)
