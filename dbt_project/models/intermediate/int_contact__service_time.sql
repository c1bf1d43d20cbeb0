-- Grain: one contact: how long it took, on the calendar and in business hours.

with

contact as (
    select * from {{ ref('int_contact__validity') }}
),

-- The channel's own schedule, else the one for every other channel, by the day it began.
scheduled as (
    select
        contact.*,
        coalesce(own.schedule_id, every.schedule_id) as schedule_id
    from contact
    left join {{ ref('schedule_assignment') }} as own
        on
            contact.channel = own.channel
            and {{ holds_on('contact.started_on', 'own') }}
    left join {{ ref('schedule_assignment') }} as every
        on
            every.channel = '*'
            and {{ holds_on('contact.started_on', 'every') }}
)

select
    scheduled.contact_id,
    scheduled.started_on,
    scheduled.schedule_id,
    {{ seconds_between('scheduled.started_at', 'scheduled.first_response_at') }} as first_response_seconds,
    {{ business_seconds_between(
        'start_day', 'scheduled.started_at', 'first_response_day', 'scheduled.first_response_at'
    ) }} as first_response_business_seconds
from scheduled
left join {{ ref('int_calendar__business_day') }} as start_day
    on
        scheduled.schedule_id = start_day.schedule_id
        and scheduled.started_on = start_day.calendar_on
left join {{ ref('int_calendar__business_day') }} as first_response_day
    on
        scheduled.schedule_id = first_response_day.schedule_id
        and scheduled.first_response_on = first_response_day.calendar_on
