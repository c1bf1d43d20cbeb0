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
),

-- Of several ratings of one contact or ticket the last that can count is the one that counts.
ordered as (
    select
        *,
        case
            when parent_entity_id is not null and invalid_reason is null and not is_future
                then row_number() over (
                    partition by
                        survey_kind, parent_entity, parent_entity_id, invalid_reason is null and not is_future
                    order by responded_at desc nulls last, survey_id desc nulls last
                )
        end as rating_recency
    from credited
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
    customer_id,
    invalid_reason is null and coalesce(rating_recency, 1) = 1 as is_valid,
    case
        when invalid_reason is not null then invalid_reason
        when rating_recency > 1 then 'superseded_rating'
    end as invalid_reason,
    case when invalid_reason is not null then set_aside_ruling_id end as ruling_id,
    load_id,
    source_row_number,
    source_row_hash
from ordered
