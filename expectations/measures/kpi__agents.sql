-- Grain: one KPI: quantiles of the agents' newest ended month against those of their months before, and coverage.

with

month as (
    select
        period_id,
        day_count,
        row_number() over (order by starts_on desc) as newest_no
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

-- Half a month in service and more: a value of two days is no surprise.
agent_month as (
    select
        agent.agent_id,
        agent.period_id,
        month.newest_no
    from facts.dim_agent_period as agent
    inner join month
        on agent.period_id = month.period_id
    where month.newest_no <= {history_months} + 1 and agent.service_day_count * 2 >= month.day_count
),

headcount as (
    select
        newest_no,
        count(*) as agent_count
    from agent_month
    group by newest_no
),

observed as (
    select
        observation.kpi_id,
        agent_month.newest_no = 1 as is_newest,
        agent_month.newest_no,
        observation.value,
        observation.denominator >= {min_agent_sample} or definition.aggregation = 'sum' as is_sampled
    from kpi.kpi_observation as observation
    inner join agent_month
        on
            observation.agent_id = agent_month.agent_id
            and observation.period_id = agent_month.period_id
    inner join policy.policy_kpi_period as definition
        on
            observation.period_id = definition.period_id
            and observation.kpi_id = definition.kpi_id
),

quantile as (
    select
        kpi_id,
        is_newest,
        count(*) as value_count,
        quantile_cont(cast(value as double), 0.1) as low_decile,
        quantile_cont(cast(value as double), 0.25) as low_quartile,
        median(cast(value as double)) as middle,
        quantile_cont(cast(value as double), 0.75) as high_quartile,
        quantile_cont(cast(value as double), 0.9) as high_decile
    from observed
    where is_sampled
    group by kpi_id, is_newest
),

covered as (
    select
        monthly.kpi_id,
        max(monthly.share) filter (where monthly.newest_no = 1) as newest_share,
        median(monthly.share) filter (where monthly.newest_no > 1) as usual_share
    from (
        select
            observed.kpi_id,
            observed.newest_no,
            count(*) / any_value(headcount.agent_count) as share
        from observed
        inner join headcount
            on observed.newest_no = headcount.newest_no
        group by observed.kpi_id, observed.newest_no
    ) as monthly
    group by monthly.kpi_id
)

select
    covered.kpi_id as subject,
    abs(newest.low_decile - usual.low_decile) / usual.spread as low_decile_shift,
    abs(newest.middle - usual.middle) / usual.spread as median_shift,
    abs(newest.high_decile - usual.high_decile) / usual.spread as high_decile_shift,
    case
        when usual.middle <> 0 and usual.high_quartile - usual.low_quartile >= usual.spread
            then (newest.high_quartile - newest.low_quartile) / usual.spread
    end as spread_ratio,
    case
        when headcount.agent_count >= {min_agents}
            then covered.usual_share - coalesce(covered.newest_share, 0)
    end as coverage_fall
from covered
left join headcount
    on headcount.newest_no = 1
left join quantile as newest
    on
        covered.kpi_id = newest.kpi_id
        and newest.is_newest
        and newest.value_count >= {min_agents}
left join (
    select
        *,
        nullif(greatest(high_quartile - low_quartile, abs(middle) * {min_relative_spread}), 0) as spread
    from quantile
    where not is_newest and value_count >= {min_agents} * {min_months}
) as usual
    on covered.kpi_id = usual.kpi_id
