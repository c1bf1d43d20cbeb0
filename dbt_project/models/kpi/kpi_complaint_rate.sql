-- Grain: one agent, one contact or ticket: complaints about the agent over contacts served and tickets assigned.
-- Reads: ticket.ticket.ticket_type, ticket.ticket.about_agent_id, ticket.contact.agent_id.

-- A complaint may be assigned to the agent it is about: one row of evidence then carries both.
select
    'complaint_rate' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.assignee_id as agent_id,
    ticket.created_on as event_on,
    cast(
        case when ticket.ticket_type = 'complaint' and ticket.about_agent_id = ticket.assignee_id then 1 else 0 end
        as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    ticket.invalid_reason as exclusion_reason,
    ticket.ruling_id,
    false as is_pending
from {{ ref('fct_ticket') }} as ticket
where ticket.assignee_id is not null
union all
select
    'complaint_rate' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.about_agent_id as agent_id,
    ticket.created_on as event_on,
    cast(1 as decimal(18, 6)) as numerator,
    cast(0 as bigint) as denominator,
    ticket.invalid_reason as exclusion_reason,
    ticket.ruling_id,
    false as is_pending
from {{ ref('fct_ticket') }} as ticket
where
    ticket.ticket_type = 'complaint'
    and (
        ticket.about_agent_id is null
        or ticket.assignee_id is null
        or ticket.about_agent_id <> ticket.assignee_id
    )
union all
select
    'complaint_rate' as kpi_id,
    'fct_contact' as evidence_model,
    contact.contact_id as evidence_key,
    'contact' as entity,
    contact.contact_id as entity_id,
    contact.agent_id,
    contact.started_on as event_on,
    cast(0 as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    contact.invalid_reason as exclusion_reason,
    contact.ruling_id,
    false as is_pending
from {{ ref('fct_contact') }} as contact
where contact.is_answered
