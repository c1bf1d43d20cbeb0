-- rating = mean of the period's ratings, else of its months'
-- in: score.score_rating
with rated as (
    select period_id as rated_id, agent_id, dimension, sum(score) as numerator,
        count(*) as denominator
    from {facts.fct_rating} group by all
),
either as (
    select agent_id, dimension, rated_id as period_id, true as is_own, numerator, denominator
    from rated
    union all
    select agent_id, dimension, months.period_id, false, sum(numerator), sum(denominator)
    from rated inner join {facts.dim_period_month} as months on rated_id = month_id group by all
)
select agent_id, period_id, dimension, numerator, denominator,
    exact_ratio(numerator, denominator) as value, maturity_of(period.has_ended) as maturity
from either inner join {facts.dim_period} as period using (period_id)
qualify row_number() over (partition by agent_id, period_id, dimension order by is_own desc) = 1
