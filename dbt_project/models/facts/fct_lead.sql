-- Grain: one sales lead.

with

prospect as (
    select * from {{ ref('stg_crm__lead') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'lead'
)

select
    prospect.lead_id,
    prospect.created_at,
    prospect.created_on,
    prospect.closed_at,
    prospect.closed_on,
    prospect.agent_id,
    prospect.customer_id,
    prospect.stage,
    prospect.amount as amount_cny,
    prospect.required_fields as required_field_count,
    prospect.completed_fields as completed_field_count,
    set_aside.ruling_id is null as is_valid,
    case when set_aside.ruling_id is not null then 'ruling' end as invalid_reason,
    set_aside.ruling_id,
    prospect.load_id,
    prospect.source_row_number,
    prospect.source_row_hash
from prospect
left join set_aside
    on prospect.lead_id = set_aside.entity_id
