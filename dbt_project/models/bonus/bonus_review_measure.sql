-- Grain: one agent, one period that the agent's plan reviews, one measure (and bound) that its conditions ask for.

{{ config(materialized='table') }}

with

reviewed as (
    select distinct
        agent.agent_id,
        agent.period_id,
        agent.scheme_id,
        agent.hired_on,
        -- A leaver's service is counted to the last day of it.
        agent.last_day_on,
        period.ends_on
    from {{ ref('dim_agent_period') }} as agent
    inner join {{ ref('dim_period') }} as period
        on agent.period_id = period.period_id
    inner join {{ ref('policy_career_condition') }} as condition
        on
            agent.period_id = condition.period_id
            and agent.scheme_id = condition.scheme_id
),

month_of_review as (
    select
        reviewed.agent_id,
        reviewed.period_id,
        reviewed.scheme_id,
        period_month.month_id
    from reviewed
    inner join {{ ref('dim_period_month') }} as period_month
        on reviewed.period_id = period_month.period_id
),

service as (
    select
        agent_id,
        period_id,
        'service_months' as measure,
        cast({{ full_months('hired_on', 'last_day_on') }} as decimal(24, 6)) as value
    from reviewed
    union all
    select
        agent_id,
        period_id,
        'service_years' as measure,
        cast({{ full_years('hired_on', 'last_day_on') }} as decimal(24, 6)) as value
    from reviewed
),

lowest_coefficient as (
    select
        month_of_review.agent_id,
        month_of_review.period_id,
        'lowest_coefficient' as measure,
        -- One month that is unknown leaves the lowest unknown.
        case
            when count(case when coefficient.coefficient is null then 1 end) = 0
                then cast(min(coefficient.coefficient) as decimal(24, 6))
        end as value
    from month_of_review
    inner join {{ ref('bonus_coefficient') }} as coefficient
        on
            month_of_review.agent_id = coefficient.agent_id
            and month_of_review.month_id = coefficient.period_id
            and month_of_review.scheme_id = coefficient.scheme_id
    group by month_of_review.agent_id, month_of_review.period_id
),

-- PT-21: the group is everyone of the same plan and customer group that month. Volume × group size against the
-- group's sum: no mean is rounded.
month_volume as (
    select
        agent.agent_id,
        agent.period_id as month_id,
        agent.scheme_id,
        volume.numerator as volume,
        cast(sum(volume.numerator) over (
            partition by agent.period_id, agent.scheme_id, coalesce(agent.customer_group, '')
        ) as decimal(24, 6)) as group_volume,
        cast(count(*) over (
            partition by agent.period_id, agent.scheme_id, coalesce(agent.customer_group, '')
        ) as bigint) as group_size
    from {{ ref('dim_agent_period') }} as agent
    inner join {{ ref('kpi_observation') }} as volume
        on
            agent.agent_id = volume.agent_id
            and agent.period_id = volume.period_id
            and volume.kpi_id = 'contacts_served'
    where agent.period_kind = 'month'
),

below_group_volume as (
    select
        month_of_review.agent_id,
        month_of_review.period_id,
        'months_below_group_volume' as measure,
        cast(count(
            case
                when
                    cast(month_volume.volume as decimal(18, 0)) * cast(month_volume.group_size as decimal(9, 0))
                    < month_volume.group_volume
                    then 1
            end
        ) as decimal(24, 6)) as value
    from month_of_review
    inner join month_volume
        on
            month_of_review.agent_id = month_volume.agent_id
            and month_of_review.month_id = month_volume.month_id
            and month_of_review.scheme_id = month_volume.scheme_id
    group by month_of_review.agent_id, month_of_review.period_id
),

-- PT-22: the longest run of months below the bound that ends within the period; it may have begun before it.
month_number as (
    select
        period_id as month_id,
        row_number() over (order by starts_on asc nulls last) as month_no
    from {{ ref('dim_period') }}
    where period_kind = 'month'
),

bound as (
    select distinct measure_bound
    from {{ ref('policy_career_condition') }}
    where measure = 'months_in_row_below_coefficient'
),

below_bound as (
    select
        coefficient.agent_id,
        coefficient.period_id as month_id,
        coefficient.scheme_id,
        bound.measure_bound,
        month_number.month_no - row_number() over (
            partition by coefficient.agent_id, coefficient.scheme_id, bound.measure_bound
            order by month_number.month_no asc nulls last
        ) as run_no,
        month_number.month_no
    from {{ ref('bonus_coefficient') }} as coefficient
    inner join bound
        on coefficient.coefficient < bound.measure_bound
    inner join month_number
        on coefficient.period_id = month_number.month_id
),

running as (
    select
        *,
        row_number() over (
            partition by agent_id, scheme_id, measure_bound, run_no order by month_no asc nulls last
        ) as run_length
    from below_bound
),

longest_run as (
    select
        month_of_review.agent_id,
        month_of_review.period_id,
        bound.measure_bound,
        cast(coalesce(max(running.run_length), 0) as decimal(24, 6)) as value
    from month_of_review
    cross join bound
    left join running
        on
            month_of_review.agent_id = running.agent_id
            and month_of_review.month_id = running.month_id
            and month_of_review.scheme_id = running.scheme_id
            and bound.measure_bound = running.measure_bound
    group by month_of_review.agent_id, month_of_review.period_id, bound.measure_bound
),

event_count as (
    select
        reviewed.agent_id,
        reviewed.period_id,
        cast(
            sum(case when event.event_kind = 'improvement_proposal' then event.quantity else 0 end) as decimal(24, 6)
        ) as proposals,
        cast(
            sum(case when event.event_kind = 'internal_complaint' then event.quantity else 0 end) as decimal(24, 6)
        ) as complaints,
        cast(
            sum(case when event.event_kind = 'complaint_assigned' then event.quantity else 0 end) as decimal(18, 6)
        ) as assigned,
        cast(
            sum(case when event.event_kind = 'complaint_resolved' then event.quantity else 0 end) as decimal(18, 6)
        ) as resolved
    from reviewed
    left join {{ ref('bonus_event') }} as event
        on
            reviewed.agent_id = event.agent_id
            and reviewed.period_id = event.period_id
    group by reviewed.agent_id, reviewed.period_id
),

observed as (
    select
        reviewed.agent_id,
        reviewed.period_id,
        observation.kpi_id as measure,
        observation.numerator,
        observation.denominator,
        observation.value
    from reviewed
    inner join {{ ref('kpi_observation') }} as observation
        on
            reviewed.agent_id = observation.agent_id
            and reviewed.period_id = observation.period_id
),

-- LL-06: of every exam the newest result up to the period's end; of those the lowest.
exam_result as (
    select
        reviewed.agent_id,
        reviewed.period_id,
        exam.score,
        row_number() over (
            partition by reviewed.agent_id, reviewed.period_id, exam.exam order by exam.taken_on desc nulls last
        ) as recency
    from reviewed
    inner join {{ ref('fct_exam') }} as exam
        on
            reviewed.agent_id = exam.agent_id
            and exam.taken_on <= reviewed.ends_on
    inner join {{ ref('dim_run_context') }} as run_context
        on exam.taken_on <= run_context.as_of_on
),

-- S-EXPORT: what counts rows of a table that never came is unknown, whatever its condition says of agents without
-- cases.
absent as (
    select distinct
        reviewed.agent_id,
        reviewed.period_id,
        absent_export.subject_id as measure
    from reviewed
    inner join {{ ref('policy_absent_export') }} as absent_export
        on
            reviewed.period_id = absent_export.period_id
            and absent_export.subject_kind in ('kpi', 'review_measure')
),

-- A measure is compared as numerator / denominator, exactly (S-EXACT); a whole number has denominator 1.
whole as (
    select
        agent_id,
        period_id,
        measure,
        value
    from service
    union all
    select
        agent_id,
        period_id,
        measure,
        value
    from lowest_coefficient
    union all
    select
        agent_id,
        period_id,
        measure,
        value
    from below_group_volume
    union all
    select
        agent_id,
        period_id,
        'improvement_proposals' as measure,
        proposals as value
    from event_count
    union all
    select
        agent_id,
        period_id,
        'internal_complaints' as measure,
        complaints as value
    from event_count
    union all
    select
        agent_id,
        period_id,
        'exam_score' as measure,
        cast(min(score) as decimal(24, 6)) as value
    from exam_result
    where recency = 1
    group by agent_id, period_id
),

measure as (
    select
        agent_id,
        period_id,
        measure,
        value as numerator,
        cast(1 as decimal(18, 6)) as denominator,
        value
    from whole
    union all
    select
        agent_id,
        period_id,
        'complaint_resolution_rate' as measure,
        cast(resolved as decimal(24, 6)) as numerator,
        assigned as denominator,
        {{ ratio('resolved', 'assigned') }} as value
    from event_count
    where assigned > 0
    union all
    select
        agent_id,
        period_id,
        measure,
        numerator,
        cast(denominator as decimal(18, 6)) as denominator,
        value
    from observed
),

known as (
    select
        agent_id,
        period_id,
        measure,
        cast(null as decimal(18, 6)) as measure_bound,
        numerator,
        denominator,
        value
    from measure
    union all
    select
        agent_id,
        period_id,
        'months_in_row_below_coefficient' as measure,
        measure_bound,
        value as numerator,
        cast(1 as decimal(18, 6)) as denominator,
        value
    from longest_run
),

asked as (
    select distinct
        period_id,
        scheme_id,
        measure,
        measure_bound
    from {{ ref('policy_career_condition') }}
)

select
    reviewed.agent_id,
    reviewed.period_id,
    asked.measure,
    asked.measure_bound,
    case when absent.measure is null then known.numerator end as numerator,
    case when absent.measure is null then known.denominator end as denominator,
    case when absent.measure is null then known.value end as value,
    case when absent.measure is null then 'known' else 'no_export' end as status
from reviewed
inner join asked
    on
        reviewed.period_id = asked.period_id
        and reviewed.scheme_id = asked.scheme_id
left join known
    on
        reviewed.agent_id = known.agent_id
        and reviewed.period_id = known.period_id
        and asked.measure = known.measure
        and asked.measure_bound is not distinct from known.measure_bound
left join absent
    on
        reviewed.agent_id = absent.agent_id
        and reviewed.period_id = absent.period_id
        and asked.measure = absent.measure
where known.measure is not null or absent.measure is not null
