-- Grain: one lead_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('crm', 'lead', ['lead_id']) }}
)

select
    lead_id,
    created_at,
    {{ local_date('created_at') }} as created_on,
    agent_id,
    customer_id,
    stage,
    closed_at,
    {{ local_date('closed_at') }} as closed_on,
    amount,
    required_fields,
    completed_fields,
    {{ source_columns() }}
from newest
