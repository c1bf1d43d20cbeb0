-- Grain: one agent, one month, one plan held in it that samples dialogues (PT-14): reviews due and made.

{# Due are the plan's samples on every day worked on it. Reviews beyond a day's due do not make up for a day without;
   reviews on days not worked are shown and do not count. A review that a ruling sets aside was made all the same. #}

with

place as (
    select
        agent_id,
        month_id,
        segment_no,
        scheme_id,
        team_id,
        row_number() over (
            partition by agent_id, month_id, scheme_id order by segment_no desc nulls last
        ) as recency
    from {{ ref('dim_agent_month_segment') }}
),

sampled as (
    select
        place.agent_id,
        place.month_id,
        place.scheme_id,
        place.team_id,
        cast(floor(rule.value) as bigint) as samples_per_day,
        rule.clause_id,
        rule.value_origin
    from place
    inner join {{ ref('policy_scheme_rule') }} as rule
        on
            place.month_id = rule.period_id
            and place.scheme_id = rule.scheme_id
            and rule.parameter = 'qa_samples_per_day'
    where place.recency = 1
),

agent_day as (
    select
        event.agent_id,
        event.month_id,
        place.scheme_id,
        event.event_on,
        count(case when event.event_kind = 'day_worked' then 1 end) > 0 as is_worked,
        cast(count(case when event.event_kind = 'qa_deduction' then 1 end) as bigint) as review_count
    from {{ ref('bonus_evidence') }} as event
    inner join place
        on
            event.agent_id = place.agent_id
            and event.month_id = place.month_id
            and event.segment_no = place.segment_no
    where
        (event.event_kind = 'day_worked' and event.is_counted)
        or (event.event_kind = 'qa_deduction' and (event.is_counted or event.exclusion_reason = 'ruling'))
    group by event.agent_id, event.month_id, place.scheme_id, event.event_on
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
        cast(count(case when agent_day.is_worked then 1 end) as bigint) as worked_day_count,
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
            count(
                case when agent_day.is_worked and agent_day.review_count >= sampled.samples_per_day then 1 end
            ) as bigint
        ) as covered_day_count
    from sampled
    left join agent_day
        on
            sampled.agent_id = agent_day.agent_id
            and sampled.month_id = agent_day.month_id
            and sampled.scheme_id = agent_day.scheme_id
    group by
        sampled.agent_id,
        sampled.month_id,
        sampled.scheme_id,
        sampled.team_id,
        sampled.samples_per_day,
        sampled.clause_id,
        sampled.value_origin
),

-- S-EXPORT: nothing is known to be due where no attendance came, and nothing made where no review did.
unknown as (
    select
        period_id as month_id,
        count(case when subject_id = 'day_worked' then 1 end) > 0 as is_without_days,
        count(case when subject_id = 'qa_deduction' then 1 end) > 0 as is_without_reviews
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'event_kind' and subject_id in ('day_worked', 'qa_deduction')
    group by period_id
)

select
    counted.agent_id,
    counted.month_id,
    counted.scheme_id,
    counted.team_id,
    counted.samples_per_day,
    case when unknown.is_without_days then null else counted.worked_day_count end as worked_day_count,
    case when unknown.month_id is null then counted.covered_day_count end as covered_day_count,
    case when unknown.is_without_days then null else counted.due_count end as due_count,
    case when unknown.is_without_reviews then null else counted.review_count end as review_count,
    case when unknown.month_id is null then counted.counted_review_count end as counted_review_count,
    case
        when unknown.month_id is null then {{ ratio('counted.counted_review_count', 'counted.due_count') }}
    end as coverage_rate,
    case when unknown.month_id is null then counted.counted_review_count >= counted.due_count end as is_covered,
    counted.clause_id,
    counted.value_origin
from counted
left join unknown
    on counted.month_id = unknown.month_id
