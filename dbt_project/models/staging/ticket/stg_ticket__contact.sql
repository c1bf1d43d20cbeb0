-- Grain: one contact_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('ticket', 'contact', ['contact_id'], 'updated_at') }}
)

select
    contact_id,
    channel,
    started_at,
    {{ local_date('started_at') }} as started_on,
    agent_id,
    customer_id,
    ticket_id,
    category,
    is_answered,
    first_response_at,
    {{ local_date('first_response_at') }} as first_response_on,
    ended_at,
    talk_seconds,
    is_invalid,
    is_bot,
    updated_at,
    {{ source_columns() }}
from newest
