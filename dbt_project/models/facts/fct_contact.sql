-- Grain: one contact.

select
    contact.contact_id,
    contact.channel,
    contact.started_at,
    contact.started_on,
    contact.agent_id,
    contact.customer_id,
    contact.ticket_id,
    contact.category,
    contact.is_answered,
    coalesce(contact.is_bot, false) as is_bot,
    contact.first_response_at,
    contact.ended_at,
    contact.talk_seconds,
    service_time.first_response_seconds,
    service_time.first_response_business_seconds,
    coalesce(contact.first_response_at < contact.started_at, false) as has_response_before_start,
    contact.is_valid,
    contact.invalid_reason,
    contact.ruling_id,
    contact.load_id,
    contact.source_row_number,
    contact.source_row_hash
from {{ ref('int_contact__validity') }} as contact
inner join {{ ref('int_contact__service_time') }} as service_time
    on contact.contact_id = service_time.contact_id
