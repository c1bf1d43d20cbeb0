-- Grain: one stream of events: its last days against its own weeks, months and hours before.

with

event as (
    select 'ticket' as stream, created_on as event_on, created_at as event_at from facts.fct_ticket
    union all
    select 'contact' as stream, started_on as event_on, started_at as event_at from facts.fct_contact
    union all
    select 'contact of people' as stream, started_on as event_on, started_at as event_at from facts.fct_contact where not is_bot
    union all
    select 'survey' as stream, responded_on as event_on, responded_at as event_at from facts.fct_survey
    union all
    select 'quality_review' as stream, reviewed_on as event_on, reviewed_at as event_at from facts.fct_quality_review
    union all
    select 'order' as stream, ordered_on as event_on, ordered_at as event_at from facts.fct_order
    union all
    select 'lead' as stream, created_on as event_on, created_at as event_at from facts.fct_lead
    union all
    select 'attendance' as stream, worked_on as event_on, null as event_at from facts.fct_attendance
),

-- Days on which the centre worked: a tenth of the usual day's customers came, or more. A closed week is no lost
-- week, and a centre of weekends has weeks of seven days of work too.
arrival as (
    select
        event.event_on,
        count(*) as row_count
    from event
    cross join facts.dim_run_context as run
    where event.stream in ('ticket', 'contact', 'order', 'lead') and event.event_on <= run.as_of_on
    group by event.event_on
),

open_day as (
    select
        event_on as day_on,
        row_number() over (order by event_on) as day_no
    from arrival
    where row_count * 10 >= (select median(row_count) from arrival)
),

-- Week 0 is the last seven days of work up to the business date.
dated as (
    select
        event.stream,
        event.event_on,
        (last_day.day_no - coalesce(open_day.day_no, 0)) // 7 as week_no,
        date_trunc('month', event.event_on) as month_on,
        hour(event.event_at) as event_hour,
        event.event_on > run.as_of_on as is_future,
        run.as_of_on
    from event
    cross join facts.dim_run_context as run
    cross join (select count(*) as day_no from open_day) as last_day
    asof left join open_day
        on event.event_on >= open_day.day_on
),

span as (
    select
        stream,
        count(*) as row_count,
        count_if(is_future) as future_count,
        max(week_no) as whole_week_count,
        min(event_on) as first_on,
        any_value(as_of_on) as as_of_on
    from dated
    group by stream
),

-- A week without a row is a week of zero rows; the week in which the stream began is not whole.
week as (
    select
        span.stream,
        number.week_no,
        count(dated.stream) as row_count
    from span
    inner join range({history_weeks} + 1) as number (week_no)
        on number.week_no < span.whole_week_count
    left join dated
        on
            span.stream = dated.stream
            and number.week_no = dated.week_no
            and not dated.is_future
    group by span.stream, number.week_no
),

weekly as (
    select
        stream,
        sum(row_count) filter (where week_no = 0) as newest_count,
        median(row_count) filter (where week_no > 0) as usual_count,
        count_if(week_no > 0) as week_count
    from week
    group by stream
),

-- Whole months: those that have ended, without the one in which the stream began.
monthly as (
    select
        counted.stream,
        sum(counted.row_count) filter (where counted.newest_no = 1) as newest_count,
        median(counted.row_count) filter (where counted.newest_no > 1) as usual_count,
        count_if(counted.newest_no > 1) as month_count
    from (
        select
            span.stream,
            period.period_id,
            count(dated.stream) as row_count,
            row_number() over (partition by span.stream order by period.period_id desc) as newest_no
        from span
        inner join facts.dim_period as period
            on
                period.period_kind = 'month'
                and period.has_ended
                and period.starts_on >= span.first_on
        left join dated
            on
                span.stream = dated.stream
                and period.starts_on = dated.month_on
        group by span.stream, period.period_id
    ) as counted
    where counted.newest_no <= {history_months} + 1
    group by counted.stream
),

hourly as (
    select
        stream,
        event_hour,
        count_if(week_no = 0) as newest_count,
        count_if(week_no > 0) as usual_count
    from dated
    where not is_future and event_hour is not null and week_no <= {history_weeks}
    group by stream, event_hour
),

-- Total variation distance: the share of the week's events that would have to move to another hour.
shifted as (
    select
        stream,
        sum(newest_count) as newest_count,
        sum(usual_count) as usual_count,
        sum(abs(newest_share - usual_share)) / 2 as shift
    from (
        select
            *,
            newest_count / nullif(sum(newest_count) over (partition by stream), 0) as newest_share,
            usual_count / nullif(sum(usual_count) over (partition by stream), 0) as usual_share
        from hourly
    )
    group by stream
),

-- A bot that takes over, or whose contacts are exported from now on, moves one of the two: of contacts with and
-- without bots the one counts that is nearer to the usual.
measured as (
    select
        split_part(span.stream, ' ', 1) as stream,
        case
            when weekly.week_count >= {min_weeks} and weekly.usual_count >= {min_week_rows}
                then weekly.newest_count / weekly.usual_count
        end as week_ratio,
        case
            when monthly.month_count >= {min_months} and monthly.usual_count >= {min_month_rows}
                then monthly.newest_count / monthly.usual_count
        end as month_ratio,
        case when span.row_count >= {min_week_rows} then span.future_count / span.row_count end as future_share,
        case
            when shifted.newest_count >= {min_hour_rows} and shifted.usual_count >= {min_hour_rows} then shifted.shift
        end as hour_shift
    from span
    left join weekly
        on span.stream = weekly.stream
    left join monthly
        on span.stream = monthly.stream
    left join shifted
        on span.stream = shifted.stream
)

select
    stream as subject,
    min_by(week_ratio, abs(ln(greatest(week_ratio, 0.001)))) as week_ratio,
    min_by(month_ratio, abs(ln(greatest(month_ratio, 0.001)))) as month_ratio,
    max(future_share) as future_share,
    min(hour_shift) as hour_shift
from measured
group by stream
