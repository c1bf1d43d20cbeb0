-- Grain: one table of exports: 1 where its newest export has a header alone after others had rows; 1 where it has no row
-- on the business date after rows on the same weekday of each of the last {compared_weeks} weeks.

with

event as (
    select 'ticket.ticket' as stream, created_on as event_on from facts.fct_ticket
    union all
    select 'ticket.contact' as stream, started_on as event_on from facts.fct_contact
    union all
    select 'ticket.survey' as stream, responded_on as event_on from facts.fct_survey
    union all
    select 'ticket.quality_review' as stream, reviewed_on as event_on from facts.fct_quality_review
    union all
    select 'workforce.attendance' as stream, worked_on as event_on from facts.fct_attendance
    union all
    select 'crm.order' as stream, ordered_on as event_on from facts.fct_order
    union all
    select 'crm.lead' as stream, created_on as event_on from facts.fct_lead
),

newest_loads as (
    select
        table_name,
        max_by(row_count, load_seq) as newest_row_count,
        max(row_count) as most_rows
    from audit.load_file
    where status = 'loaded'
    group by table_name
),

weekday as (
    select
        event.stream,
        count(distinct event.event_on) filter (
            where
                event.event_on < run.as_of_on
                and event.event_on >= run.as_of_on - 7 * {compared_weeks}
                and (run.as_of_on - event.event_on) % 7 = 0
        ) as same_weekday_count,
        count(*) filter (where event.event_on = run.as_of_on) as row_count
    from event
    cross join facts.dim_run_context as run
    group by event.stream
)

select
    coalesce(weekday.stream, newest_loads.table_name) as subject,
    case
        when weekday.same_weekday_count >= {compared_weeks} then cast(weekday.row_count = 0 as integer)
    end as missing_day_count,
    case
        when newest_loads.most_rows > 0 then cast(newest_loads.newest_row_count = 0 as integer)
    end as empty_export_count
from weekday
full outer join newest_loads on weekday.stream = newest_loads.table_name
