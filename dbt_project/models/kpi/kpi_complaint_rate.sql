-- Grain: one agent, one contact or ticket: complaints about the agent over contacts served and tickets assigned.
-- Reads: ticket.ticket.ticket_type, ticket.ticket.about_agent_id, ticket.contact.agent_id.

with

complaint_about as (
    select
        ticket_id,
        about_agent_id as agent_id,
        1 as numerator,
        0 as denominator
    from {{ ref('fct_ticket') }}
    where ticket_type = 'complaint'
),

assigned as (
    select
        ticket_id,
        assignee_id as agent_id,
        0 as numerator,
        1 as denominator
    from {{ ref('fct_ticket') }}
    where assignee_id is not null
),

-- A complaint may be assigned to the agent it is about: one row of evidence then carries both.
ticket_share as (
    select
        ticket_id,
        agent_id,
        max(numerator) as numerator,
        max(denominator) as denominator
    from (
        select * from complaint_about
        union all
        select * from assigned
    ) as shares
    group by ticket_id, agent_id
)

select
    'complaint_rate' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket_share.agent_id,
    ticket.created_on as event_on,
    cast(ticket_share.numerator as decimal(18, 6)) as numerator,
    cast(ticket_share.denominator as bigint) as denominator,
    ticket.invalid_reason as exclusion_reason,
    ticket.ruling_id,
    false as is_pending
from ticket_share
inner join {{ ref('fct_ticket') }} as ticket
    on ticket_share.ticket_id = ticket.ticket_id
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
