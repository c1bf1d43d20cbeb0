-- Grain: one contact as known at the cut: whether it is valid and answered (POLICY section 1).

{# S-ASOF: the newest version counts; what it dates after the cut is not known yet. #}

with

run_context as (
    select cut_at from {{ ref('stg_run__context') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'contact'
),

judged as (
    select
        contact.*,
        run_context.cut_at,
        case
            when contact.started_at >= run_context.cut_at then 'future'
            when contact.is_invalid then 'invalid'
            when contact.is_bot then 'bot'
            when set_aside.ruling_id is not null then 'ruling'
        end as invalid_reason,
        set_aside.ruling_id
    from {{ ref('stg_ticket__contact') }} as contact
    cross join run_context
    left join set_aside
        on contact.contact_id = set_aside.entity_id
)

select
    contact_id,
    channel,
    started_at,
    started_on,
    agent_id,
    customer_id,
    ticket_id,
    category,
    -- An answer dated after the cut has not been given yet.
    coalesce(is_answered, false) and not coalesce(first_response_at >= cut_at, false) as is_answered,
    {{ known_at('first_response_at', 'cut_at') }} as first_response_at,
    case when first_response_at < cut_at then first_response_on end as first_response_on,
    {{ known_at('ended_at', 'cut_at') }} as ended_at,
    talk_seconds,
    is_bot,
    invalid_reason,
    ruling_id,
    invalid_reason is null as is_valid,
    {{ carried_source_columns('judged') }}
from judged
