-- Grain: one agent, one period, one rating dimension: the mean of its ratings.

{{ config(materialized='table') }}

{# CG-04: the period's own ratings; for a quarter or year those of its months where it has none. #}

with

rated as (
    select
        agent_id,
        period_id,
        dimension,
        cast(sum(score) as decimal(20, 6)) as score_sum,
        cast(count(*) as bigint) as rating_count
    from {{ ref('fct_rating') }}
    group by agent_id, period_id, dimension
),

of_months as (
    select
        rated.agent_id,
        period_month.period_id,
        rated.dimension,
        cast(sum(rated.score_sum) as decimal(20, 6)) as score_sum,
        cast(sum(rated.rating_count) as bigint) as rating_count
    from rated
    inner join {{ ref('dim_period_month') }} as period_month
        on rated.period_id = period_month.month_id
    group by rated.agent_id, period_month.period_id, rated.dimension
),

preferred as (
    select
        period.period_kind,
        period.period_id,
        period.has_ended,
        coalesce(rated.agent_id, of_months.agent_id) as agent_id,
        coalesce(rated.dimension, of_months.dimension) as dimension,
        coalesce(rated.score_sum, of_months.score_sum) as score_sum,
        coalesce(rated.rating_count, of_months.rating_count) as rating_count
    from rated
    full outer join of_months
        on
            rated.agent_id = of_months.agent_id
            and rated.period_id = of_months.period_id
            and rated.dimension = of_months.dimension
    inner join {{ ref('dim_period') }} as period
        on coalesce(rated.period_id, of_months.period_id) = period.period_id
)

select
    period_kind,
    period_id,
    agent_id,
    dimension,
    score_sum as numerator,
    rating_count as denominator,
    {{ ratio('score_sum', 'rating_count') }} as value,
    case when has_ended then 'final' else 'provisional' end as maturity
from preferred
