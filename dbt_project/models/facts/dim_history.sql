-- Grain: one row: the history that periods cover.

select min(starts_on) as first_month_on
from {{ ref('dim_period') }}
where period_kind = 'month'
