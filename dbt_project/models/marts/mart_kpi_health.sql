-- Grain: one month, one plan, one KPI scored: how well it tells agents apart (CG-31).

with

rule as (
    select
        period_id,
        scheme_id,
        max(case when parameter = 'health_min_variation' then value end) as min_variation,
        max(case when parameter = 'health_max_edge_share' then value end) as max_edge_share,
        max(case when parameter = 'health_month_count' then value end) as month_count,
        max(case when parameter = 'health_min_agent_count' then value end) as min_agent_count,
        max(case when parameter = 'health_month_count' then clause_id end) as clause_id
    from {{ ref('policy_scheme_rule') }}
    where period_kind = 'month'
    group by period_id, scheme_id
),

scored as (
    select
        score_line.period_id,
        score_line.scheme_id,
        score_line.kpi_id,
        score_line.agent_id,
        score_line.value,
        score_line.points >= case
            when score_line.stretch_value is null then convention.target_points else convention.stretch_points
        end as is_at_cap,
        score_line.points <= 0 as is_at_floor
    from {{ ref('score_line') }} as score_line
    inner join {{ ref('policy_convention') }} as convention
        on score_line.period_id = convention.period_id
    where score_line.period_kind = 'month' and score_line.is_scored
),

averaged as (
    select
        scored.period_id,
        scored.scheme_id,
        scored.kpi_id,
        cast(count(*) as bigint) as agent_count,
        {{ ratio('cast(sum(scored.value) as decimal(24, 6))', 'count(*)') }} as mean_value,
        cast(count(case when scored.is_at_cap then 1 end) as bigint) as cap_agent_count,
        cast(count(case when scored.is_at_floor then 1 end) as bigint) as floor_agent_count
    from scored
    group by scored.period_id, scored.scheme_id, scored.kpi_id
),

-- Each agent's distance from the mean, relative to the mean: no KPI's unit or size enters what follows.
spread as (
    select
        scored.period_id,
        scored.scheme_id,
        scored.kpi_id,
        {{ relative_distance('scored.value', 'averaged.mean_value') }} as distance
    from scored
    inner join averaged
        on
            scored.period_id = averaged.period_id
            and scored.scheme_id = averaged.scheme_id
            and scored.kpi_id = averaged.kpi_id
),

varied as (
    select
        period_id,
        scheme_id,
        kpi_id,
        {{ mean_square('distance') }} as squared_variation
    from spread
    group by period_id, scheme_id, kpi_id
),

measured as (
    select
        averaged.*,
        varied.squared_variation,
        {{ ratio('averaged.cap_agent_count', 'averaged.agent_count') }} as cap_share,
        {{ ratio('averaged.floor_agent_count', 'averaged.agent_count') }} as floor_share,
        rule.max_edge_share,
        rule.month_count,
        rule.clause_id,
        {{ ratio('averaged.cap_agent_count + averaged.floor_agent_count', 'averaged.agent_count') }} as edge_share,
        cast(rule.min_variation as decimal(9, 6)) * cast(rule.min_variation as decimal(9, 6)) as min_squared_variation,
        averaged.agent_count >= rule.min_agent_count as has_enough_agents
    from averaged
    inner join rule
        on
            averaged.period_id = rule.period_id
            and averaged.scheme_id = rule.scheme_id
            and rule.month_count is not null
    left join varied
        on
            averaged.period_id = varied.period_id
            and averaged.scheme_id = varied.scheme_id
            and averaged.kpi_id = varied.kpi_id
),

judged as (
    select
        *,
        has_enough_agents and (
            edge_share >= max_edge_share
            or coalesce(squared_variation < min_squared_variation, false)
        ) as is_low
    from measured
),

numbered as (
    select
        period_id,
        has_ended,
        row_number() over (order by starts_on asc nulls last) as month_no
    from {{ ref('dim_period') }}
    where period_kind = 'month'
),

-- Months of low discrimination without a gap share the difference of the two counts.
island as (
    select
        judged.*,
        numbered.has_ended,
        numbered.month_no,
        numbered.month_no - row_number() over (
            partition by judged.scheme_id, judged.kpi_id, judged.is_low order by numbered.month_no asc nulls last
        ) as island_no
    from judged
    inner join numbered
        on judged.period_id = numbered.period_id
),

run as (
    select
        *,
        case
            when is_low
                then cast(row_number() over (
                    partition by scheme_id, kpi_id, is_low, island_no order by month_no asc nulls last
                ) as bigint)
            else 0
        end as low_month_count
    from island
)

select
    'month' as period_kind,
    period_id,
    scheme_id,
    kpi_id,
    agent_count,
    mean_value,
    {{ square_root('squared_variation') }} as variation_coefficient,
    cap_share,
    floor_share,
    is_low,
    low_month_count,
    has_ended and low_month_count >= month_count as is_flagged,
    clause_id
from run
