-- Grain: one survey_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('ticket', 'survey', ['survey_id']) }}
)

select
    survey_id,
    kind,
    responded_at,
    {{ local_date('responded_at') }} as responded_on,
    score,
    scale_max,
    contact_id,
    ticket_id,
    agent_id,
    customer_id,
    {{ source_columns() }}
from newest
