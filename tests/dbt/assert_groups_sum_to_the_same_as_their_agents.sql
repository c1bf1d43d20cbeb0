-- Teams, and departments, add up to the agents' evidence: nobody is counted twice when moved, and nobody lost.

with

by_agents as (
    select
        period_month.period_id,
        evidence.kpi_id,
        sum(evidence.numerator) as numerator,
        sum(evidence.denominator) as denominator
    from {{ ref('kpi_daily') }} as evidence
    inner join {{ ref('dim_period_month') }} as period_month
        on evidence.month_id = period_month.month_id
    where evidence.is_counted
    group by period_month.period_id, evidence.kpi_id
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
