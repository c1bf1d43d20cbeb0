-- Grain: one period, one month within it.

select
    period.period_id,
    period.period_kind,
    month.period_id as month_id
from {{ ref('dim_period') }} as period
inner join {{ ref('dim_period') }} as month
    on
        month.period_kind = 'month'
        and month.starts_on >= period.starts_on
        and month.starts_on < period.ends_before_on
