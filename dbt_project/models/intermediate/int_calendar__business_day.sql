-- Grain: one schedule, one local day: its business intervals in UTC and the business time of all days before it.

{# Business time between two instants is the difference of cumulative business time at each: one look-up per instant,
   whatever lies between them. A day has at most four intervals: a night shift's tail from the day before, and three
   openings of its own. #}
{% set interval_numbers = range(1, 5) %}

with

run_context as (
    select as_of_on from {{ ref('stg_run__context') }}
),

-- Nothing is timed after the cut. One absurd early date must not push the days that are worked off the end.
first_day as (
    select greatest(min(firsts.first_on), max({{ add_days('run_context.as_of_on', '1 - number.last_n') }})) as first_on
    from (
        select {{ add_days('min(created_on)', -1) }} as first_on from {{ ref('stg_ticket__ticket') }}
        union all
        select {{ add_days('min(started_on)', -1) }} as first_on from {{ ref('stg_ticket__contact') }}
        union all
        select {{ add_days('min(as_of_on)', -1) }} as first_on from run_context
    ) as firsts
    cross join run_context
    cross join (select max(n) as last_n from {{ ref('int_number') }}) as number
),

schedule as (
    select distinct schedule_id from {{ ref('business_hours') }}
),

day as (
    select
        schedule.schedule_id,
        {{ add_days('first_day.first_on', 'number.n') }} as calendar_on
    from schedule
    cross join first_day
    cross join run_context
    inner join {{ ref('int_number') }} as number
        on {{ add_days('first_day.first_on', 'number.n') }} <= {{ add_days('run_context.as_of_on', 1) }}
),

-- A schedule's own entry goes before one for every schedule.
exception as (
    select
        day.schedule_id,
        day.calendar_on,
        coalesce(own.kind, every.kind) as kind,
        coalesce(own.follows_weekday_no, every.follows_weekday_no) as follows_weekday_no
    from day
    left join {{ ref('calendar_day') }} as own
        on
            day.schedule_id = own.schedule_id
            and day.calendar_on = own.calendar_on
    left join {{ ref('calendar_day') }} as every
        on
            every.schedule_id = '*'
            and day.calendar_on = every.calendar_on
),

opening as (
    select
        exception.schedule_id,
        exception.calendar_on,
        hours.opens_at,
        hours.closes_at,
        hours.closes_at <= hours.opens_at as is_overnight
    from exception
    inner join {{ ref('business_hours') }} as hours
        on
            exception.schedule_id = hours.schedule_id
            and hours.weekday_no = coalesce(exception.follows_weekday_no, {{ weekday_no('exception.calendar_on') }})
            and {{ holds_on('exception.calendar_on', 'hours') }}
    where coalesce(exception.kind, 'make_up_day') <> 'holiday'
),

-- A night shift is cut at midnight: its tail belongs to the next day.
piece as (
    select
        schedule_id,
        calendar_on,
        {{ utc_of_local('calendar_on', 'opens_at') }} as starts_at,
        case
            when is_overnight then {{ utc_of_local(add_days('calendar_on', 1), "'00:00'") }}
            else {{ utc_of_local('calendar_on', 'closes_at') }}
        end as ends_at
    from opening
    union all
    select
        schedule_id,
        {{ add_days('calendar_on', 1) }} as calendar_on,
        {{ utc_of_local(add_days('calendar_on', 1), "'00:00'") }} as starts_at,
        {{ utc_of_local(add_days('calendar_on', 1), 'closes_at') }} as ends_at
    from opening
    where is_overnight and closes_at > '00:00'
),

numbered as (
    select
        *,
        {{ epoch_micros('ends_at') }} - {{ epoch_micros('starts_at') }} as length_micros,
        row_number() over (
            partition by schedule_id, calendar_on order by starts_at asc nulls last, ends_at asc nulls last
        ) as interval_no
    from piece
),

pivoted as (
    select
        schedule_id,
        calendar_on,
        {% for n in interval_numbers -%}
        max(case when interval_no = {{ n }} then {{ epoch_micros('starts_at') }} end) as start_{{ n }}_micros,
        max(case when interval_no = {{ n }} then length_micros end) as length_{{ n }}_micros,
        {% endfor -%}
        cast(sum(length_micros) as bigint) as day_micros
    from numbered
    group by schedule_id, calendar_on
)

select
    day.schedule_id,
    day.calendar_on,
    {% for n in interval_numbers -%}
    pivoted.start_{{ n }}_micros,
    pivoted.length_{{ n }}_micros,
    {% endfor -%}
    coalesce(pivoted.day_micros, 0) as day_micros,
    cast(coalesce(sum(pivoted.day_micros) over (
        partition by day.schedule_id order by day.calendar_on asc nulls last
        rows between unbounded preceding and 1 preceding
    ), 0) as bigint) as cumulative_micros
from day
left join pivoted
    on
        day.schedule_id = pivoted.schedule_id
        and day.calendar_on = pivoted.calendar_on
