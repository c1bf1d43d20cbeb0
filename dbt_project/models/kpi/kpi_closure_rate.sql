-- Grain: one assigned ticket: 1 when solved.
-- Reads: ticket.ticket.assignee_id.

select
    'closure_rate' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.assignee_id as agent_id,
    ticket.created_on as event_on,
    cast(case when ticket.is_solved then 1 else 0 end as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    ticket.invalid_reason as exclusion_reason,
    ticket.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_ticket') }} as ticket
where ticket.assignee_id is not null
