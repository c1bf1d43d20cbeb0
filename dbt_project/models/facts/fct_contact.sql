-- Grain: one contact.

select
    contact_id,
    channel,
    started_at,
    started_on,
    agent_id,
    customer_id,
    ticket_id,
    category,
    coalesce(is_answered, false) as is_answered,
    first_response_at,
    ended_at,
    talk_seconds,
    {{ seconds_between('started_at', 'first_response_at') }} as first_response_seconds,
    coalesce(first_response_at < started_at, false) as has_response_before_start,
    is_valid,
    invalid_reason,
    ruling_id,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('int_contact__validity') }}
