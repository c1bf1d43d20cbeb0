-- Grain: one ticket: how long it took, on the calendar and in business hours.

with

ticket as (
    select * from {{ ref('int_ticket__validity') }}
),

-- The channel's own schedule, else the one for every other channel, by the day it began.
scheduled as (
    select
        ticket.*,
        coalesce(own.schedule_id, every.schedule_id) as schedule_id
    from ticket
    left join {{ ref('schedule_assignment') }} as own
        on
            ticket.channel = own.channel
            and {{ holds_on('ticket.created_on', 'own') }}
    left join {{ ref('schedule_assignment') }} as every
        on
            every.channel = '*'
            and {{ holds_on('ticket.created_on', 'every') }}
)

select
    scheduled.ticket_id,
    scheduled.created_on,
    scheduled.schedule_id,
    {{ seconds_between('scheduled.created_at', 'scheduled.first_reply_at') }} as first_reply_seconds,
    {{ business_seconds_between(
        'start_day', 'scheduled.created_at', 'first_reply_day', 'scheduled.first_reply_at'
    ) }} as first_reply_business_seconds,
    {{ seconds_between('scheduled.created_at', 'scheduled.solved_at') }} as handle_seconds,
    {{ business_seconds_between(
        'start_day', 'scheduled.created_at', 'handle_day', 'scheduled.solved_at'
    ) }} as handle_business_seconds
from scheduled
left join {{ ref('int_calendar__business_day') }} as start_day
    on
        scheduled.schedule_id = start_day.schedule_id
        and scheduled.created_on = start_day.calendar_on
left join {{ ref('int_calendar__business_day') }} as first_reply_day
    on
        scheduled.schedule_id = first_reply_day.schedule_id
        and scheduled.first_reply_on = first_reply_day.calendar_on
left join {{ ref('int_calendar__business_day') }} as handle_day
    on
        scheduled.schedule_id = handle_day.schedule_id
        and scheduled.solved_on = handle_day.calendar_on
