-- Grain: one agent, one month of a plan that samples dialogues (PT-14): reviews due and made.

{# Due are the plan's samples on every day worked on the plan. Reviews beyond a day's due do not make up for a day
   without; reviews on days not worked are shown and do not count. A review set aside is still a sample. #}

with

-- Every plan held in the month, by its own days; the team is the last one there.
sampled as (
    select
        segment.agent_id,
        segment.month_id,
        segment.scheme_id,
        segment.segment_no,
        max_by(segment.team_id, segment.segment_no) over (
            partition by segment.agent_id, segment.month_id, segment.scheme_id
        ) as team_id,
        cast(floor(rule.value) as bigint) as samples_per_day,
        rule.clause_id,
        rule.value_origin
    from {{ ref('dim_agent_month_segment') }} as segment
    inner join {{ ref('policy_scheme_rule') }} as rule
        on
            segment.month_id = rule.period_id
            and segment.scheme_id = rule.scheme_id
            and rule.parameter = 'qa_samples_per_day'
),

agent_day as (
    select
        agent_id,
        month_id,
        segment_no,
        event_on,
        count_if(event_kind = 'day_worked') > 0 as is_worked,
        cast(count_if(event_kind = 'qa_deduction') as bigint) as review_count
    from {{ ref('bonus_evidence') }}
    where
        (is_counted and event_kind = 'day_worked')
        or (event_kind = 'qa_deduction' and segment_no is not null and coalesce(exclusion_reason, '') <> 'future')
    group by agent_id, month_id, segment_no, event_on
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
            and sampled.segment_no = agent_day.segment_no
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
