-- Grain: one order paid or refunded: amount less refunds, CNY.
-- Reads: crm.order.agent_id.

select
    'sales_amount' as kpi_id,
    'fct_order' as evidence_model,
    purchase.order_id as evidence_key,
    'order' as entity,
    purchase.order_id as entity_id,
    purchase.agent_id as agent_id,
    purchase.ordered_on as event_on,
    cast(coalesce(purchase.net_amount_cny, 0) as decimal(18, 6)) as numerator,
    cast(0 as bigint) as denominator,
    purchase.invalid_reason as exclusion_reason,
    purchase.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_order') }} as purchase
where purchase.net_amount_cny is not null
