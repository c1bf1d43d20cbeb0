-- Grain: one ticket replied to: seconds from creation to first reply.
-- Reads: ticket.ticket.first_reply_at.

select
    'ticket_first_reply_seconds' as kpi_id,
    'fct_ticket' as evidence_model,
    ticket.ticket_id as evidence_key,
    'ticket' as entity,
    ticket.ticket_id as entity_id,
    ticket.replying_agent_id as agent_id,
    ticket.created_on as event_on,
    cast(
        coalesce(
            case
                when definition.clock = 'business' then ticket.first_reply_business_seconds
                else ticket.first_reply_seconds
            end, 0
        ) as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    case
        when ticket.invalid_reason is not null then ticket.invalid_reason
        when ticket.has_reply_before_creation then 'reply_before_creation'
    end as exclusion_reason,
    ticket.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_ticket') }} as ticket
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'ticket_first_reply_seconds'
        and definition.month_id = {{ month_id('ticket.created_on') }}
where ticket.first_reply_at is not null
