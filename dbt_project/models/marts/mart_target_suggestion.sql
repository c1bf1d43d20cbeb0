-- Grain: one ended month, one plan, one role, one KPI scored: the target that the last months suggest (CD-03).

with

rule as (
    select
        period_id,
        scheme_id,
        max(case when parameter = 'target_percentile' then value end) as percentile,
        max(case when parameter = 'target_month_count' then value end) as month_count,
        max(case when parameter = 'target_bound' then value end) as bound,
        max(case when parameter = 'target_percentile' then clause_id end) as clause_id
    from {{ ref('policy_scheme_rule') }}
    where period_kind = 'month'
    group by period_id, scheme_id
),

numbered as (
    select
        period_id,
        has_ended,
        row_number() over (order by starts_on asc nulls last) as month_no
    from {{ ref('dim_period') }}
    where period_kind = 'month'
),

due as (
    select
        scored.period_id,
        scored.scheme_id,
        scored.role,
        scored.kpi_id,
        scored.min_sample,
        scored.target_value,
        case when scored.target_value >= scored.floor_value then 1 else -1 end as orientation,
        rule.percentile,
        rule.month_count,
        rule.bound,
        rule.clause_id,
        numbered.month_no
    from {{ ref('policy_score_kpi') }} as scored
    inner join rule
        on
            scored.period_id = rule.period_id
            and scored.scheme_id = rule.scheme_id
            and rule.percentile is not null
    inner join numbered
        on
            scored.period_id = numbered.period_id
            and numbered.has_ended
),

-- Worst first, so that the percentile is the value which that share of agent-months does not surpass.
ordered as (
    select
        due.period_id,
        due.scheme_id,
        due.role,
        due.kpi_id,
        due.percentile,
        observation.value,
        cast(row_number() over (
            partition by due.period_id, due.scheme_id, due.role, due.kpi_id
            order by
                due.orientation * observation.value asc nulls last,
                observation.period_id asc nulls last,
                observation.agent_id asc nulls last
        ) as bigint) as row_no,
        cast(count(*) over (
            partition by due.period_id, due.scheme_id, due.role, due.kpi_id
        ) as bigint) as sample_count
    from due
    inner join numbered as earlier
        on
            due.month_no >= earlier.month_no
            and due.month_no - earlier.month_no < due.month_count
    inner join {{ ref('dim_agent_period') }} as agent
        on
            earlier.period_id = agent.period_id
            and due.scheme_id = agent.scheme_id
            and (due.role = '*' or due.role = agent.role)
    inner join {{ ref('kpi_observation') }} as observation
        on
            agent.agent_id = observation.agent_id
            and agent.period_id = observation.period_id
            and due.kpi_id = observation.kpi_id
            and observation.value is not null
            and observation.denominator >= due.min_sample
),

nearest as (
    select
        *,
        row_number() over (
            partition by period_id, scheme_id, role, kpi_id order by row_no asc nulls last
        ) as nearest_no
    from ordered
    where {{ is_from_percentile('row_no', 'sample_count', 'percentile') }}
),

tolerated as (
    select
        due.*,
        nearest.sample_count,
        nearest.value as percentile_value,
        cast(
            cast(due.bound as decimal(9, 6)) * cast(abs(due.target_value) as decimal(18, 6)) as decimal(18, 6)
        ) as tolerance_value
    from due
    inner join nearest
        on
            due.period_id = nearest.period_id
            and due.scheme_id = nearest.scheme_id
            and due.role = nearest.role
            and due.kpi_id = nearest.kpi_id
            and nearest.nearest_no = 1
),

bounded as (
    select
        *,
        cast(target_value - tolerance_value as decimal(18, 6)) as lower_value,
        cast(target_value + tolerance_value as decimal(18, 6)) as upper_value
    from tolerated
)

select
    'month' as period_kind,
    period_id,
    scheme_id,
    role,
    kpi_id,
    sample_count,
    percentile,
    percentile_value,
    target_value as current_target_value,
    lower_value,
    upper_value,
    cast(least(greatest(percentile_value, lower_value), upper_value) as decimal(18, 6)) as suggested_target_value,
    percentile_value < lower_value or percentile_value > upper_value as is_bounded,
    clause_id
from bounded
