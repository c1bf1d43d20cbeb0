-- Grain: one solved ticket of a known customer: 1 when neither reopened nor followed by the customer within the window.
-- Reads: ticket.ticket.customer_id, ticket.ticket.category.

select
    'fcr' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.solving_agent_id as agent_id,
    {{ solving_day('ticket') }} as event_on,
    cast(
        case
            when ticket.is_reopened then 0
            when {{ is_within_days('ticket.solved_at', 'ticket.next_event_at', 'definition.window_days') }} then 0
            else 1
        end as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    {{ solving_exclusion('ticket', is_timed=true) }} as exclusion_reason,
    ticket.ruling_id as ruling_id,
    not {{ has_elapsed('ticket.solved_at', 'definition.window_days', 'run_context.cut_at') }} as is_pending
from {{ ref('fct_ticket') }} as ticket
cross join {{ ref('dim_run_context') }} as run_context
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'fcr'
        and definition.month_id = {{ month_id('ticket.solved_on') }}
where ticket.is_solved
    and ticket.customer_id is not null
