-- Grain: one solved after-sales ticket: 1 when that customer buys again from the solver within the window.
-- Reads: ticket.ticket.ticket_type, ticket.ticket.customer_id, crm.order.customer_id, crm.order.kind.

select
    'repurchase_rate' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.solving_agent_id as agent_id,
    {{ solving_day('ticket') }} as event_on,
    cast(
        case
            when {{ is_within_days('ticket.solved_at', 'ticket.next_repurchase_at', 'definition.window_days') }} then 1
            else 0
        end as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    {{ solving_exclusion('ticket') }} as exclusion_reason,
    ticket.ruling_id as ruling_id,
    not {{ has_elapsed('ticket.solved_at', 'definition.window_days', 'run_context.cut_at') }} as is_pending
from {{ ref('fct_ticket') }} as ticket
cross join {{ ref('dim_run_context') }} as run_context
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'repurchase_rate'
        and definition.month_id = {{ month_id('ticket.solved_on') }}
where ticket.ticket_type = 'after_sales'
    and ticket.is_solved
