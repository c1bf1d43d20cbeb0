-- Grain: one ticket as known at the cut: who is credited with it, whether it is valid and solved (POLICY section 1).

{# S-ASOF: the newest version counts; what it dates after the cut is not known yet. #}

with

run_context as (
    select cut_at from {{ ref('stg_run__context') }}
),

solve_time as (
    select is_exported from {{ ref('stg_ticket__solve_time') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'ticket'
),

-- Closed without a time of solving was closed without being solved, unless no export ever had such a time.
ticket as (
    select
        exported.*,
        run_context.cut_at,
        exported.status = 'solved'
        or (
            exported.status = 'closed'
            and (exported.solved_at is not null or not solve_time.is_exported)
        ) as has_solved_status
    from {{ ref('stg_ticket__ticket') }} as exported
    cross join run_context
    cross join solve_time
),

timed as (
    select
        *,
        case when has_solved_status then coalesce(solved_at, closed_at) else solved_at end as solving_at,
        case when has_solved_status and solved_at is null then closed_on else solved_on end as solving_on
    from ticket
),

judged as (
    select
        timed.*,
        timed.has_solved_status
        and timed.created_at < timed.cut_at
        and (timed.solving_at is null or timed.solving_at < timed.cut_at) as is_solved,
        case
            when timed.created_at >= timed.cut_at then 'future'
            when timed.is_spam then 'spam'
            when timed.merged_into is not null then 'merged'
            when timed.status = 'deleted' then 'deleted'
            when timed.status = 'void' then 'void'
            when set_aside.ruling_id is not null then 'ruling'
        end as invalid_reason,
        set_aside.ruling_id
    from timed
    left join set_aside
        on timed.ticket_id = set_aside.entity_id
)

select
    ticket_id,
    created_at,
    created_on,
    customer_id,
    category,
    ticket_type,
    channel,
    priority,
    assignee_id,
    about_agent_id,
    {{ known_at('first_reply_at', 'cut_at') }} as first_reply_at,
    case when first_reply_at < cut_at then first_reply_on end as first_reply_on,
    {{ known_at('solving_at', 'cut_at') }} as solved_at,
    case when solving_at < cut_at then solving_on end as solved_on,
    {{ known_at('closed_at', 'cut_at') }} as closed_at,
    due_at,
    due_on,
    status,
    {{ known_at('escalated_at', 'cut_at') }} as escalated_at,
    is_disputed,
    is_recovered,
    is_wrong_record,
    is_on_time,
    invalid_reason,
    ruling_id,
    invalid_reason is null as is_valid,
    is_solved,
    is_solved and solving_at is null as has_no_solve_time,
    coalesce(reopen_count, 0) > 0 as is_reopened,
    updated_at,
    coalesce(solver_id, assignee_id) as solving_agent_id,
    coalesce(first_responder_id, assignee_id) as replying_agent_id,
    coalesce(created_by, assignee_id) as recording_agent_id,
    {{ carried_source_columns('judged') }}
from judged
