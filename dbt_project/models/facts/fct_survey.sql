-- Grain: one survey response: whom it rates and whether it counts.

with

survey as (
    select
        *,
        coalesce(kind, 'csat') as survey_kind
    from {{ ref('stg_ticket__survey') }}
),

run_context as (
    select as_of_on from {{ ref('dim_run_context') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'survey'
),

credited as (
    select
        survey.*,
        coalesce(survey.agent_id, contact.agent_id, ticket.solving_agent_id) as rated_agent_id,
        case
            when contact.contact_id is not null then 'contact'
            when ticket.ticket_id is not null then 'ticket'
        end as parent_entity,
        coalesce(contact.contact_id, ticket.ticket_id) as parent_entity_id,
        case
            when survey.score < 0 or survey.score > survey.scale_max or survey.scale_max <= 0 then 'score_out_of_range'
            when set_aside.ruling_id is not null then 'ruling'
            when not contact.is_valid then contact.invalid_reason
            when not ticket.is_valid then ticket.invalid_reason
        end as invalid_reason,
        coalesce(set_aside.ruling_id, contact.ruling_id, ticket.ruling_id) as set_aside_ruling_id,
        survey.responded_on > run_context.as_of_on as is_future
    from survey
    cross join run_context
    left join {{ ref('int_contact__validity') }} as contact
        on survey.contact_id = contact.contact_id
    left join {{ ref('int_ticket__validity') }} as ticket
        on survey.ticket_id = ticket.ticket_id
    left join set_aside
        on survey.survey_id = set_aside.entity_id
)

select
    survey_id,
    survey_kind,
    responded_at,
    responded_on,
    score,
    scale_max,
    rated_agent_id,
    parent_entity,
    parent_entity_id,
    contact_id,
    ticket_id,
    customer_id,
    is_future,
    invalid_reason is null as is_valid,
    invalid_reason,
    case when invalid_reason is not null then set_aside_ruling_id end as ruling_id,
    load_id,
    source_row_number,
    source_row_hash
from credited
