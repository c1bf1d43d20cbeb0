-- Grain: one due component that reads a KPI itself (attainment, deductions), one KPI, one month of its own days.

{{ config(materialized='table') }}

{# S-MOVE: a rate or coefficient that rests on the period's result is read over the component's own days. A month that
   the agent spent whole under its plan and role is the month's observation; of a month of moves the days are
   summed. #}

with

due as (
    select *
    from {{ ref('bonus_due_days') }}
    where
        mechanism in ('commission', 'threshold')
        or (mechanism = 'top_n' and basis = 'attainment')
        or (mechanism = 'points' and basis = 'deduction')
),

-- The metric is the component's basis, or its parameter `metric` where the basis says how attainment is used (top_n).
reads as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        coalesce(metric.text_value, due.basis) as kpi_id
    from due
    left join {{ ref('policy_component_parameter') }} as metric
        on
            due.component_id = metric.component_id
            and due.period_id = metric.period_id
            and metric.parameter = 'metric'
    where due.mechanism <> 'points'
    union
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        rate.rate_key as kpi_id
    from due
    inner join {{ ref('policy_component_rate') }} as rate
        on
            due.component_id = rate.component_id
            and due.period_id = rate.period_id
    where due.mechanism = 'points'
),

own_month as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        segment.month_id,
        cast(sum(segment.day_count) as bigint) as own_day_count
    from due
    inner join {{ ref('dim_period_month') }} as period_month
        on due.period_id = period_month.period_id
    inner join {{ ref('dim_agent_month_segment') }} as segment
        on
            due.agent_id = segment.agent_id
            and period_month.month_id = segment.month_id
            and {{ is_own_day('due', 'segment') }}
    group by due.agent_id, due.period_id, due.component_id, segment.month_id
),

asked as (
    select
        own_month.agent_id,
        own_month.period_id,
        own_month.component_id,
        reads.kpi_id,
        own_month.month_id,
        own_month.own_day_count,
        month.service_day_count,
        observation.numerator,
        observation.denominator,
        definition.aggregation = 'sum' as is_sum
    from own_month
    inner join reads
        on
            own_month.agent_id = reads.agent_id
            and own_month.period_id = reads.period_id
            and own_month.component_id = reads.component_id
    inner join {{ ref('dim_agent_period') }} as month
        on
            own_month.agent_id = month.agent_id
            and own_month.month_id = month.period_id
    inner join {{ ref('kpi_observation') }} as observation
        on
            own_month.agent_id = observation.agent_id
            and own_month.month_id = observation.period_id
            and reads.kpi_id = observation.kpi_id
    inner join {{ ref('policy_kpi_period') }} as definition
        on
            own_month.period_id = definition.period_id
            and reads.kpi_id = definition.kpi_id
),

-- Few agents move: their days are found before anybody's sums are looked at.
own_day as (
    select distinct
        asked.agent_id,
        asked.period_id,
        asked.component_id,
        asked.kpi_id,
        asked.month_id,
        segment.first_day_on,
        segment.last_day_on
    from asked
    inner join due
        on
            asked.agent_id = due.agent_id
            and asked.period_id = due.period_id
            and asked.component_id = due.component_id
    inner join {{ ref('dim_agent_month_segment') }} as segment
        on
            asked.agent_id = segment.agent_id
            and asked.month_id = segment.month_id
            and {{ is_own_day('due', 'segment') }}
    where asked.own_day_count < asked.service_day_count
),

of_own_days as (
    select
        own_day.agent_id,
        own_day.period_id,
        own_day.component_id,
        own_day.kpi_id,
        own_day.month_id,
        cast(sum(daily.numerator) as decimal(24, 6)) as numerator,
        cast(sum(daily.denominator) as bigint) as denominator
    from own_day
    inner join {{ ref('kpi_daily') }} as daily
        on
            own_day.agent_id = daily.agent_id
            and own_day.kpi_id = daily.kpi_id
            and own_day.month_id = daily.month_id
            and daily.event_on >= own_day.first_day_on
            and daily.event_on <= own_day.last_day_on
            and daily.is_counted
    group by own_day.agent_id, own_day.period_id, own_day.component_id, own_day.kpi_id, own_day.month_id
)

select
    asked.agent_id,
    asked.period_id,
    asked.component_id,
    asked.kpi_id,
    asked.month_id,
    asked.own_day_count,
    asked.service_day_count,
    case
        when asked.own_day_count = asked.service_day_count then asked.numerator
        else coalesce(of_own_days.numerator, 0)
    end as numerator,
    case
        when asked.own_day_count = asked.service_day_count or asked.is_sum then asked.denominator
        else coalesce(of_own_days.denominator, 0)
    end as denominator,
    asked.is_sum
from asked
left join of_own_days
    on
        asked.agent_id = of_own_days.agent_id
        and asked.period_id = of_own_days.period_id
        and asked.component_id = of_own_days.component_id
        and asked.kpi_id = of_own_days.kpi_id
        and asked.month_id = of_own_days.month_id
