-- Grain: one agent, one month of a plan that samples dialogues (PT-14): reviews due and made.

{# Due are the plan's samples on every day worked. Reviews beyond a day's due do not make up for a day without;
   reviews on days not worked are shown and do not count. #}

with

sampled as (
    select
        agent.agent_id,
        agent.period_id as month_id,
        agent.scheme_id,
        agent.team_id,
        cast(floor(rule.value) as bigint) as samples_per_day,
        rule.clause_id,
        rule.value_origin
    from {{ ref('dim_agent_period') }} as agent
    inner join {{ ref('policy_scheme_rule') }} as rule
        on
            agent.period_id = rule.period_id
            and agent.scheme_id = rule.scheme_id
            and rule.parameter = 'qa_samples_per_day'
    where agent.period_kind = 'month'
),

agent_day as (
    select
        agent_id,
        month_id,
        event_on,
        count_if(event_kind = 'day_worked') > 0 as is_worked,
        cast(count_if(event_kind = 'qa_deduction') as bigint) as review_count
    from {{ ref('bonus_evidence') }}
    where is_counted and event_kind in ('day_worked', 'qa_deduction')
    group by agent_id, month_id, event_on
),

counted as (
    select
        sampled.agent_id,
        sampled.month_id,
        sampled.scheme_id,
        sampled.team_id,
        sampled.samples_per_day,
        sampled.clause_id,
        sampled.value_origin,
        cast(count_if(agent_day.is_worked) as bigint) as worked_day_count,
        cast(
            coalesce(sum(case when agent_day.is_worked then sampled.samples_per_day end), 0) as bigint
        ) as due_count,
        cast(coalesce(sum(agent_day.review_count), 0) as bigint) as review_count,
        cast(
            coalesce(
                sum(case when agent_day.is_worked then least(agent_day.review_count, sampled.samples_per_day) end), 0
            ) as bigint
        ) as counted_review_count,
        cast(
            count_if(agent_day.is_worked and agent_day.review_count >= sampled.samples_per_day) as bigint
        ) as covered_day_count
    from sampled
    left join agent_day
        on
            sampled.agent_id = agent_day.agent_id
            and sampled.month_id = agent_day.month_id
    group by
        sampled.agent_id,
        sampled.month_id,
        sampled.scheme_id,
        sampled.team_id,
        sampled.samples_per_day,
        sampled.clause_id,
        sampled.value_origin
)

select
    agent_id,
    month_id,
    scheme_id,
    team_id,
    samples_per_day,
    worked_day_count,
    covered_day_count,
    due_count,
    review_count,
    counted_review_count,
    {{ ratio('counted_review_count', 'due_count') }} as coverage_rate,
    counted_review_count >= due_count as is_covered,
    clause_id,
    value_origin
from counted
