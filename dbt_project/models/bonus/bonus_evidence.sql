-- Grain: one source row, one kind of event that pay counts.

{# Every row is here, counted or set aside with a reason. An event belongs to the job-history segment of its day; a day
   that the agent's history does not cover earns nothing. #}

with

event as (
    select
        'contact_' || channel as event_kind,
        'fct_contact' as evidence_model,
        contact_id as evidence_key,
        agent_id,
        started_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        invalid_reason as own_exclusion_reason,
        ruling_id
    from {{ ref('fct_contact') }}
    where is_answered
    union all
    select
        'ticket_recorded' as event_kind,
        'fct_ticket' as evidence_model,
        ticket_id as evidence_key,
        recording_agent_id as agent_id,
        created_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        invalid_reason as own_exclusion_reason,
        ruling_id
    from {{ ref('fct_ticket') }}
    union all
    select
        'wrong_record' as event_kind,
        'fct_ticket' as evidence_model,
        ticket_id as evidence_key,
        recording_agent_id as agent_id,
        created_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        invalid_reason as own_exclusion_reason,
        ruling_id
    from {{ ref('fct_ticket') }}
    where is_wrong_record
    union all
    select
        'complaint_assigned' as event_kind,
        'fct_ticket' as evidence_model,
        ticket_id as evidence_key,
        assignee_id as agent_id,
        created_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        invalid_reason as own_exclusion_reason,
        ruling_id
    from {{ ref('fct_ticket') }}
    where ticket_type = 'complaint'
    union all
    select
        'complaint_resolved' as event_kind,
        'fct_ticket' as evidence_model,
        ticket_id as evidence_key,
        assignee_id as agent_id,
        created_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        invalid_reason as own_exclusion_reason,
        ruling_id
    from {{ ref('fct_ticket') }}
    where ticket_type = 'complaint' and is_solved and not is_reopened
    union all
    select
        'qa_deduction' as event_kind,
        'fct_quality_review' as evidence_model,
        review_id as evidence_key,
        agent_id,
        reviewed_on as event_on,
        cast(coalesce(deduction_points, 0) as decimal(18, 6)) as quantity,
        invalid_reason as own_exclusion_reason,
        ruling_id
    from {{ ref('fct_quality_review') }}
    union all
    select
        'attendance_' || status as event_kind,
        'fct_attendance' as evidence_model,
        {{ evidence_key('fct_attendance') }} as evidence_key,
        agent_id,
        worked_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        cast(null as string) as own_exclusion_reason,
        cast(null as string) as ruling_id
    from {{ ref('fct_attendance') }}
    union all
    select
        'day_recorded' as event_kind,
        'fct_attendance' as evidence_model,
        {{ evidence_key('fct_attendance') }} as evidence_key,
        agent_id,
        worked_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        cast(null as string) as own_exclusion_reason,
        cast(null as string) as ruling_id
    from {{ ref('fct_attendance') }}
    union all
    -- A late day is worked; a day of leave, absence, swap or rest is not (PA-01).
    select
        'day_worked' as event_kind,
        'fct_attendance' as evidence_model,
        {{ evidence_key('fct_attendance') }} as evidence_key,
        agent_id,
        worked_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        cast(null as string) as own_exclusion_reason,
        cast(null as string) as ruling_id
    from {{ ref('fct_attendance') }}
    where status in ('present', 'late')
    union all
    select
        'night_worked' as event_kind,
        'fct_attendance' as evidence_model,
        {{ evidence_key('fct_attendance') }} as evidence_key,
        agent_id,
        worked_on as event_on,
        cast(1 as decimal(18, 6)) as quantity,
        cast(null as string) as own_exclusion_reason,
        cast(null as string) as ruling_id
    from {{ ref('fct_attendance') }}
    where status in ('present', 'late') and shift = 'night'
    union all
    select
        kind as event_kind,
        'fct_recognition' as evidence_model,
        recognition_id as evidence_key,
        agent_id,
        occurred_on as event_on,
        case
            when kind = 'extra_points' then cast(coalesce(points, 0) as decimal(18, 6))
            else cast(1 as decimal(18, 6))
        end as quantity,
        case when status = 'accepted' then null else coalesce(status, 'pending') end as own_exclusion_reason,
        cast(null as string) as ruling_id
    from {{ ref('fct_recognition') }}
),

judged as (
    select
        event.*,
        segment.month_id,
        segment.segment_no,
        case
            when event.event_on > run_context.as_of_on then 'future'
            when event.event_on < history.first_month_on then 'before_first_period'
            when event.own_exclusion_reason is not null then event.own_exclusion_reason
            when event.agent_id is null then 'no_agent'
            when segment.agent_id is null then 'unknown_agent'
        end as exclusion_reason
    from event
    cross join {{ ref('dim_run_context') }} as run_context
    cross join {{ ref('dim_history') }} as history
    left join {{ ref('dim_agent_month_segment') }} as segment
        on
            event.agent_id = segment.agent_id
            and {{ month_id('event.event_on') }} = segment.month_id
            and event.event_on >= segment.first_day_on
            and event.event_on <= segment.last_day_on
)

select
    agent_id,
    month_id,
    segment_no,
    event_kind,
    evidence_model,
    evidence_key,
    event_on,
    quantity,
    exclusion_reason is null as is_counted,
    exclusion_reason,
    ruling_id
from judged
