-- Grain: one KPI of the centre: its newest ended month against the median of its own months before.

with

month as (
    select
        period_id,
        row_number() over (order by starts_on desc) as newest_no
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

observed as (
    select
        observation.kpi_id,
        definition.unit,
        month.newest_no,
        observation.value,
        observation.denominator
    from kpi.kpi_group_observation as observation
    inner join month
        on observation.period_id = month.period_id
    inner join policy.policy_kpi_period as definition
        on
            observation.period_id = definition.period_id
            and observation.kpi_id = definition.kpi_id
    where
        observation.group_kind = 'centre'
        and month.newest_no <= {history_months} + 1
        and (definition.aggregation = 'sum' or observation.denominator >= {min_sample})
),

-- A month whose windows have not elapsed has few rows and no say: less than half of the usual denominator.
compared as (
    select
        kpi_id,
        any_value(unit) as unit,
        any_value(value) filter (where newest_no = 1) as newest_value,
        any_value(denominator) filter (where newest_no = 1) as newest_denominator,
        median(value) filter (where newest_no > 1) as usual_value,
        median(denominator) filter (where newest_no > 1) as usual_denominator,
        count_if(newest_no > 1) as month_count
    from observed
    group by kpi_id
)

select
    kpi_id as subject,
    case when unit = 'ratio' then abs(newest_value - usual_value) end as rate_change,
    case
        when unit = 's' and newest_value > 0 and usual_value > 0 then abs(log2(newest_value / usual_value))
    end as seconds_doublings,
    case unit
        when 'points of 10' then abs(newest_value - usual_value) / 10
        when 'points of 100' then abs(newest_value - usual_value) / 100
    end as score_change,
    case
        when unit = 'cny' and usual_value > 0 then abs(log2(greatest(newest_value, 1) / usual_value))
    end as amount_doublings
from compared
where month_count >= {min_months} and newest_denominator * 2 >= usual_denominator
