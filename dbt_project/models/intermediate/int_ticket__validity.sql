-- Grain: one ticket: who is credited with it and whether it is valid (POLICY section 1).

with

ticket as (
    select * from {{ ref('stg_ticket__ticket') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'ticket'
),

judged as (
    select
        ticket.*,
        case
            when ticket.is_spam then 'spam'
            when ticket.merged_into is not null then 'merged'
            when ticket.status = 'deleted' then 'deleted'
            when ticket.status = 'void' then 'void'
            when set_aside.ruling_id is not null then 'ruling'
        end as invalid_reason,
        set_aside.ruling_id
    from ticket
    left join set_aside
        on ticket.ticket_id = set_aside.entity_id
)

select
    *,
    invalid_reason is null as is_valid,
    solved_at is not null and status in ('solved', 'closed') as is_solved,
    coalesce(reopen_count, 0) > 0 as is_reopened,
    coalesce(solver_id, assignee_id) as solving_agent_id,
    coalesce(first_responder_id, assignee_id) as replying_agent_id,
    coalesce(created_by, assignee_id) as recording_agent_id
from judged
