-- Grain: one order.

with

purchase as (
    select * from {{ ref('stg_crm__order') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'order'
)

select
    purchase.order_id,
    purchase.ordered_at,
    purchase.ordered_on,
    purchase.agent_id,
    purchase.customer_id,
    purchase.amount as amount_cny,
    purchase.kind,
    purchase.status,
    case
        when purchase.status = 'paid' then purchase.amount - coalesce(purchase.refunded_amount, 0)
        when purchase.status = 'refunded' then purchase.amount - coalesce(purchase.refunded_amount, purchase.amount)
    end as net_amount_cny,
    purchase.status = 'refunded'
    or (purchase.status = 'paid' and coalesce(purchase.refunded_amount, 0) > 0) as is_refunded,
    purchase.updated_at,
    set_aside.ruling_id is null as is_valid,
    case when set_aside.ruling_id is not null then 'ruling' end as invalid_reason,
    set_aside.ruling_id,
    purchase.load_id,
    purchase.source_row_number,
    purchase.source_row_hash
from purchase
left join set_aside
    on purchase.order_id = set_aside.entity_id
