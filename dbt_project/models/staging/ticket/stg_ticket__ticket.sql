-- Grain: one ticket_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('ticket', 'ticket', ['ticket_id'], 'updated_at') }}
)

select
    ticket_id,
    created_at,
    {{ local_date('created_at') }} as created_on,
    customer_id,
    category,
    ticket_type,
    channel,
    priority,
    created_by,
    first_responder_id,
    assignee_id,
    solver_id,
    about_agent_id,
    first_reply_at,
    {{ local_date('first_reply_at') }} as first_reply_on,
    solved_at,
    {{ local_date('solved_at') }} as solved_on,
    closed_at,
    {{ local_date('closed_at') }} as closed_on,
    due_at,
    {{ local_date('due_at') }} as due_on,
    status,
    reopen_count,
    escalated_at,
    is_spam,
    merged_into,
    is_disputed,
    is_recovered,
    is_wrong_record,
    is_on_time,
    updated_at,
    {{ source_columns() }}
from newest
