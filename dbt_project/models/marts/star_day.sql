-- Grain: one day of the months that there are.

select
    day_on,
    week_starts_on,
    weekday_no,
    month_id,
    quarter_id,
    year_id,
    calendar_kind,
    calendar_name_zh
from {{ ref('dim_day') }}
