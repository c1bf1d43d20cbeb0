-- Grain: one solved ticket: seconds from creation to solution.
-- Reads: ticket.ticket.solved_at.

select
    'handle_seconds' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.solving_agent_id as agent_id,
    {{ solving_day('ticket') }} as event_on,
    cast(
        coalesce(
            case
                when definition.clock = 'business' then ticket.handle_business_seconds
                else ticket.handle_seconds
            end, 0
        ) as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    {{ solving_exclusion('ticket', is_timed=true) }} as exclusion_reason,
    ticket.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_ticket') }} as ticket
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'handle_seconds'
        and definition.month_id = {{ month_id('ticket.solved_on') }}
where ticket.is_solved
