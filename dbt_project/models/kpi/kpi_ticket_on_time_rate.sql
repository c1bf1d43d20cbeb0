-- Grain: one ticket with a due time, or with its export's own met/missed flag: 1 when on time.
-- Reads: ticket.ticket.due_at or ticket.ticket.is_on_time.

select
    'ticket_on_time_rate' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.solving_agent_id as agent_id,
    coalesce(ticket.due_on, case when ticket.is_solved then ticket.solved_on end, ticket.created_on) as event_on,
    cast(
        case
            when ticket.due_at is null then case when ticket.is_on_time_flagged then 1 else 0 end
            when ticket.is_solved and ticket.solved_at <= ticket.due_at then 1
            else 0
        end as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    case
        when ticket.invalid_reason is not null then ticket.invalid_reason
        -- An export's own flag needs no time.
        when ticket.due_at is not null and ticket.has_no_solve_time then 'no_solve_time'
        when ticket.has_solve_before_creation then 'solve_before_creation'
    end as exclusion_reason,
    ticket.ruling_id as ruling_id,
    ticket.due_at is not null and not ticket.is_solved and ticket.due_at > run_context.cut_at as is_pending
from {{ ref('fct_ticket') }} as ticket
cross join {{ ref('dim_run_context') }} as run_context
where ticket.due_at is not null or ticket.is_on_time_flagged is not null
