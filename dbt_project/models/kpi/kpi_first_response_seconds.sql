-- Grain: one answered contact: seconds from start to first response.
-- Reads: ticket.contact.agent_id, ticket.contact.first_response_at.

select
    'first_response_seconds' as kpi_id,
    'fct_contact' as evidence_model,
    contact.contact_id as evidence_key,
    'contact' as entity,
    contact.contact_id as entity_id,
    contact.agent_id as agent_id,
    contact.started_on as event_on,
    cast(
        coalesce(
            case
                when definition.clock = 'business' then contact.first_response_business_seconds
                else contact.first_response_seconds
            end, 0
        ) as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    case
        when contact.invalid_reason is not null then contact.invalid_reason
        when contact.first_response_at is null then 'no_first_response_time'
        when contact.has_response_before_start then 'response_before_start'
    end as exclusion_reason,
    contact.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_contact') }} as contact
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'first_response_seconds'
        and definition.month_id = {{ month_id('contact.started_on') }}
where contact.is_answered
