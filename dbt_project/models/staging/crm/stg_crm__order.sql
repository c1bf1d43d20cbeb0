-- Grain: one order_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('crm', 'order', ['order_id'], 'updated_at') }}
)

select
    order_id,
    ordered_at,
    {{ local_date('ordered_at') }} as ordered_on,
    agent_id,
    customer_id,
    amount,
    refunded_amount,
    kind,
    status,
    updated_at,
    {{ source_columns() }}
from newest
