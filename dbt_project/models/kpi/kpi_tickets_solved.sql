-- Grain: one solved ticket.
-- Reads: ticket.ticket.solver_id or ticket.ticket.assignee_id.

select
    'tickets_solved' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.solving_agent_id as agent_id,
    {{ solving_day('ticket') }} as event_on,
    cast(1 as decimal(18, 6)) as numerator,
    cast(0 as bigint) as denominator,
    {{ solving_exclusion('ticket') }} as exclusion_reason,
    ticket.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_ticket') }} as ticket
where ticket.is_solved
