-- Grain: one run: days from each stream's newest event to the business date; for ever where an export that came, or that
-- a plan in use reads, never had a row.

with

event as (
    select 'ticket' as stream, created_on as event_on from facts.fct_ticket
    union all
    select 'ticket' as stream, solved_on as event_on from facts.fct_ticket
    union all
    select 'contact' as stream, started_on as event_on from facts.fct_contact
    union all
    select 'survey' as stream, responded_on as event_on from facts.fct_survey
    union all
    select 'review' as stream, reviewed_on as event_on from facts.fct_quality_review
    union all
    select 'attendance' as stream, worked_on as event_on from facts.fct_attendance
    union all
    select 'crm' as stream, ordered_on as event_on from facts.fct_order
    union all
    select 'crm' as stream, created_on as event_on from facts.fct_lead
),

lagging as (
    select
        event.stream,
        min(date_diff('day', event.event_on, run.as_of_on)) as lag_days
    from event
    cross join facts.dim_run_context as run
    where event.event_on <= run.as_of_on
    group by event.stream
),

expected (stream, table_name) as (
    values
        ('survey', 'ticket.survey'),
        ('review', 'ticket.quality_review'),
        ('attendance', 'workforce.attendance'),
        ('crm', 'crm.order'),
        ('crm', 'crm.lead')
),

silent as (
    select distinct expected.stream
    from expected
    inner join facts.fct_export as export on expected.table_name = export.table_name
    where
        expected.stream not in (select stream from event)
        and (
            export.is_delivered
            or export.table_name in (select need.table_name from facts.fct_plan_need as need)
        )
)

select
    'newest event' as subject,
    max(lag_days) filter (where stream = 'ticket') as ticket_lag_days,
    max(lag_days) filter (where stream = 'contact') as contact_lag_days,
    max(lag_days) filter (where stream = 'survey') as survey_lag_days,
    max(lag_days) filter (where stream = 'review') as review_lag_days,
    max(lag_days) filter (where stream = 'attendance') as attendance_lag_days,
    max(lag_days) filter (where stream = 'crm') as crm_lag_days
from lagging
union all
select
    'never a row' as subject,
    cast(null as double) as ticket_lag_days,
    cast(null as double) as contact_lag_days,
    max(cast('infinity' as double)) filter (where stream = 'survey') as survey_lag_days,
    max(cast('infinity' as double)) filter (where stream = 'review') as review_lag_days,
    max(cast('infinity' as double)) filter (where stream = 'attendance') as attendance_lag_days,
    max(cast('infinity' as double)) filter (where stream = 'crm') as crm_lag_days
from silent
