-- Grain: one column of a stream: how much emptier it is in the last days than before. Contacts of a bot name nobody.

with

cell as (
    unpivot (
        select
            'ticket' as stream,
            created_on > run.as_of_on - {recent_days} as is_recent,
            count(*) as row_count,
            count(customer_id) as customer_id,
            count(category) as category,
            count(channel) as channel,
            count(priority) as priority,
            count(assignee_id) as assignee_id,
            count(first_reply_at) as first_reply_at,
            count(due_at) as due_at
        from facts.fct_ticket
        cross join facts.dim_run_context as run
        where created_on <= run.as_of_on
        group by is_recent
    )
    on columns(* exclude (stream, is_recent, row_count)) into name column_name value filled_count
    union all
    unpivot (
        select
            'contact' as stream,
            started_on > run.as_of_on - {recent_days} as is_recent,
            count(*) as row_count,
            count(agent_id) as agent_id,
            count(customer_id) as customer_id,
            count(category) as category,
            count(first_response_at) as first_response_at,
            count(ended_at) as ended_at
        from facts.fct_contact
        cross join facts.dim_run_context as run
        where started_on <= run.as_of_on and not is_bot
        group by is_recent
    )
    on columns(* exclude (stream, is_recent, row_count)) into name column_name value filled_count
    union all
    unpivot (
        select
            'survey' as stream,
            responded_on > run.as_of_on - {recent_days} as is_recent,
            count(*) as row_count,
            count(rated_agent_id) as rated_agent_id,
            count(parent_entity_id) as parent_entity_id
        from facts.fct_survey
        cross join facts.dim_run_context as run
        where responded_on <= run.as_of_on
        group by is_recent
    )
    on columns(* exclude (stream, is_recent, row_count)) into name column_name value filled_count
    union all
    unpivot (
        select
            'quality_review' as stream,
            reviewed_on > run.as_of_on - {recent_days} as is_recent,
            count(*) as row_count,
            count(score) as score,
            count(is_passed) as is_passed,
            count(deduction_points) as deduction_points
        from facts.fct_quality_review
        cross join facts.dim_run_context as run
        where reviewed_on <= run.as_of_on
        group by is_recent
    )
    on columns(* exclude (stream, is_recent, row_count)) into name column_name value filled_count
    union all
    unpivot (
        select
            'order' as stream,
            ordered_on > run.as_of_on - {recent_days} as is_recent,
            count(*) as row_count,
            count(agent_id) as agent_id,
            count(customer_id) as customer_id,
            count(kind) as kind
        from facts.fct_order
        cross join facts.dim_run_context as run
        where ordered_on <= run.as_of_on
        group by is_recent
    )
    on columns(* exclude (stream, is_recent, row_count)) into name column_name value filled_count
),

compared as (
    select
        stream,
        column_name,
        sum(row_count) filter (where is_recent) as recent_count,
        sum(row_count) filter (where not is_recent) as usual_count,
        1 - sum(filled_count) filter (where is_recent) / sum(row_count) filter (where is_recent) as recent_share,
        1 - sum(filled_count) filter (where not is_recent) / sum(row_count) filter (where not is_recent) as usual_share
    from cell
    group by stream, column_name
)

select
    stream || '.' || column_name as subject,
    case
        when recent_count >= {min_recent_rows} and usual_count >= {min_recent_rows} then recent_share - usual_share
    end as empty_share_rise
from compared
