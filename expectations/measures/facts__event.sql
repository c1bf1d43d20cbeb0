-- Grain: one fact: shares of its rows that make no sense, count as invalid, or name an agent nobody knows. What a
-- bot did is apart: it is nobody's work.

with

event as (
    select
        'ticket' as fact,
        created_on as event_on,
        has_reply_before_creation or has_solve_before_creation as is_out_of_order,
        is_valid,
        solving_agent_id as agent_id,
        false as is_bot
    from facts.fct_ticket
    union all
    select
        'contact' as fact,
        started_on as event_on,
        has_response_before_start as is_out_of_order,
        is_valid,
        agent_id,
        is_bot
    from facts.fct_contact
    union all
    select
        'survey' as fact,
        responded_on as event_on,
        coalesce(score > scale_max, false) as is_out_of_order,
        is_valid,
        rated_agent_id as agent_id,
        false as is_bot
    from facts.fct_survey
    union all
    select
        'quality_review' as fact,
        reviewed_on as event_on,
        null as is_out_of_order,
        is_valid,
        agent_id,
        false as is_bot
    from facts.fct_quality_review
    union all
    select
        'violation' as fact,
        occurred_on as event_on,
        null as is_out_of_order,
        is_valid,
        agent_id,
        false as is_bot
    from facts.fct_violation
    union all
    select
        'lead' as fact,
        created_on as event_on,
        coalesce(closed_on < created_on, false) as is_out_of_order,
        is_valid,
        agent_id,
        false as is_bot
    from facts.fct_lead
    union all
    select
        'order' as fact,
        ordered_on as event_on,
        null as is_out_of_order,
        is_valid,
        agent_id,
        false as is_bot
    from facts.fct_order
),

-- Who serves contacts as a bot is one wherever it is named: on tickets, on ratings.
bot as (
    select distinct agent_id from facts.fct_contact where is_bot and agent_id is not null
),

judged as (
    select
        event.fact,
        event.is_out_of_order,
        event.is_valid,
        event.is_bot,
        event.agent_id,
        event.is_valid and event.agent_id is not null and (bot.agent_id is null or agent.agent_id is not null)
            as has_agent,
        agent.agent_id is null as is_unknown
    from event
    cross join facts.dim_run_context as run
    left join facts.dim_agent as agent
        on event.agent_id = agent.agent_id
    left join bot
        on event.agent_id = bot.agent_id
    where event.event_on > run.as_of_on - {recent_days} and event.event_on <= run.as_of_on
),

counted as (
    select
        fact,
        count(*) as row_count,
        count(is_out_of_order) > 0 as has_order,
        count_if(is_out_of_order) as out_of_order_count,
        count_if(not is_bot) as people_count,
        count_if(is_valid and not is_bot) as valid_count,
        count_if(has_agent) as credited_count,
        count_if(has_agent and is_unknown) as unknown_count,
        count(distinct agent_id) filter (where has_agent) as agent_count,
        count(distinct agent_id) filter (where has_agent and is_unknown) as unknown_agent_count
    from judged
    group by fact
)

select
    fact as subject,
    case when has_order and row_count >= {min_recent_rows} then out_of_order_count / row_count end as out_of_order_share,
    case when people_count >= {min_recent_rows} then valid_count / people_count end as valid_share,
    case when credited_count >= {min_recent_rows} then unknown_count / credited_count end as unknown_agent_share,
    -- Ids of another form are many ids; the one account of a queue or a system is one, however much it does.
    case
        when credited_count >= {min_recent_rows}
            then least(unknown_count / credited_count, unknown_agent_count / agent_count)
    end as unknown_everywhere_share
from counted
