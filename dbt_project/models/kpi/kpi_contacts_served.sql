-- Grain: one answered contact.
-- Reads: ticket.contact.agent_id, ticket.contact.is_answered.

select
    'contacts_served' as kpi_id,
    'fct_contact' as evidence_model,
    contact.contact_id as evidence_key,
    'contact' as entity,
    contact.contact_id as entity_id,
    contact.agent_id as agent_id,
    contact.started_on as event_on,
    cast(1 as decimal(18, 6)) as numerator,
    cast(0 as bigint) as denominator,
    contact.invalid_reason as exclusion_reason,
    contact.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_contact') }} as contact
where contact.is_answered
