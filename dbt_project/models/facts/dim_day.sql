-- Grain: one day of the months that there are.

with

month as (
    select
        starts_on,
        ends_on
    from {{ ref('dim_period') }}
    where period_kind = 'month'
),

span as (
    select
        min(starts_on) as first_on,
        max(ends_on) as last_on
    from month
),

day as (
    select {{ add_days('span.first_on', 'number.n') }} as day_on
    from span
    inner join {{ ref('int_number') }} as number
        on {{ add_days('span.first_on', 'number.n') }} <= span.last_on
)

select
    day.day_on,
    cast(date_trunc('week', day.day_on) as date) as week_starts_on,
    {{ weekday_no('day.day_on') }} as weekday_no,
    {{ month_id('day.day_on') }} as month_id,
    {{ quarter_id('day.day_on') }} as quarter_id,
    {{ year_id('day.day_on') }} as year_id,
    exception.kind as calendar_kind,
    exception.name_zh as calendar_name_zh
from day
left join {{ ref('calendar_day') }} as exception
    on
        exception.schedule_id = '*'
        and day.day_on = exception.calendar_on
