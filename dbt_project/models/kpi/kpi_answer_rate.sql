-- Grain: one contact offered: 1 when answered.
-- Reads: ticket.contact.agent_id, ticket.contact.is_answered.

select
    'answer_rate' as kpi_id,
    'fct_contact' as evidence_model,
    contact.contact_id as evidence_key,
    'contact' as entity,
    contact.contact_id as entity_id,
    contact.agent_id as agent_id,
    contact.started_on as event_on,
    cast(case when contact.is_answered then 1 else 0 end as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    contact.invalid_reason as exclusion_reason,
    contact.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_contact') }} as contact
