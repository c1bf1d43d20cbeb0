-- Grain: one solved complaint ticket: 1 when the customer was retained.
-- Reads: ticket.ticket.ticket_type, ticket.ticket.is_recovered.

select
    'recovery_rate' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.solving_agent_id as agent_id,
    {{ solving_day('ticket') }} as event_on,
    cast(case when ticket.is_recovered then 1 else 0 end as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    {{ solving_exclusion('ticket') }} as exclusion_reason,
    ticket.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_ticket') }} as ticket
where ticket.ticket_type = 'complaint'
    and ticket.is_solved
