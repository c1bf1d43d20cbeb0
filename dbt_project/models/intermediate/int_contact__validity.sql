-- Grain: one contact: whether it is valid (POLICY section 1).

with

contact as (
    select * from {{ ref('stg_ticket__contact') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'contact'
),

judged as (
    select
        contact.*,
        case
            when contact.is_invalid then 'invalid'
            when contact.is_bot then 'bot'
            when set_aside.ruling_id is not null then 'ruling'
        end as invalid_reason,
        set_aside.ruling_id
    from contact
    left join set_aside
        on contact.contact_id = set_aside.entity_id
)

select
    *,
    invalid_reason is null as is_valid
from judged
