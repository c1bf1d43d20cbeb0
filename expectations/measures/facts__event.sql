-- Grain: one fact: shares of its rows that make no sense, count as invalid, or name an agent nobody knows.

with

event as (
    select
        'ticket' as fact,
        created_on as event_on,
        has_reply_before_creation or has_solve_before_creation as is_out_of_order,
        is_valid,
        solving_agent_id as agent_id
    from facts.fct_ticket
    union all
    select
        'contact' as fact,
        started_on as event_on,
        has_response_before_start as is_out_of_order,
        is_valid,
        agent_id
    from facts.fct_contact
    union all
    select
        'survey' as fact,
        responded_on as event_on,
        score > scale_max as is_out_of_order,
        is_valid,
        rated_agent_id as agent_id
    from facts.fct_survey
    union all
    select
        'quality_review' as fact,
        reviewed_on as event_on,
        null as is_out_of_order,
        is_valid,
        agent_id
    from facts.fct_quality_review
    union all
    select
        'violation' as fact,
        occurred_on as event_on,
        null as is_out_of_order,
        is_valid,
        agent_id
    from facts.fct_violation
    union all
    select
        'lead' as fact,
        created_on as event_on,
        closed_at < created_at as is_out_of_order,
        is_valid,
        agent_id
    from facts.fct_lead
    union all
    select
        'order' as fact,
        ordered_on as event_on,
        null as is_out_of_order,
        is_valid,
        agent_id
    from facts.fct_order
),

judged as (
    select
        event.fact,
        event.is_out_of_order,
        event.is_valid,
        event.agent_id is not null as has_agent,
        event.agent_id is not null and agent.agent_id is null as is_unknown
    from event
    cross join facts.dim_run_context as run
    left join facts.dim_agent as agent
        on event.agent_id = agent.agent_id
    where event.event_on > run.as_of_on - {recent_days} and event.event_on <= run.as_of_on
)

select
    fact as subject,
    case when count(*) >= {min_recent_rows} then coalesce(count_if(is_out_of_order), 0) / nullif(count(is_out_of_order), 0) end as out_of_order_share,
    case when count(*) >= {min_recent_rows} then count_if(is_valid) / count(*) end as valid_share,
    case when count_if(has_agent) >= {min_recent_rows} then count_if(is_unknown) / count_if(has_agent) end as unknown_agent_share
from judged
group by fact
