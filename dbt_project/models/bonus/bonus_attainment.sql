-- Grain: one agent, one period, one component paid by attainment: actual against target.

{# The metric is the component's basis, or its parameter `metric` where the basis says how attainment is used
   (top_n). A quarter or year without a target of its own has the sum of its months' targets, against the actual of
   the same months in service. #}

with

due as (
    select
        due.*,
        coalesce(metric.text_value, due.basis) as metric
    from {{ ref('bonus_due') }} as due
    left join {{ ref('policy_component_parameter') }} as metric
        on
            due.component_id = metric.component_id
            and due.period_id = metric.period_id
            and metric.parameter = 'metric'
    where
        due.mechanism in ('commission', 'threshold')
        or (due.mechanism = 'top_n' and due.basis = 'attainment')
),

target_of_months as (
    select
        target.agent_id,
        period_month.period_id,
        target.metric,
        cast(sum(target.target_value) as decimal(24, 6)) as target_value,
        cast(sum(observation.numerator) as decimal(24, 6)) as actual_value
    from {{ ref('fct_target') }} as target
    inner join {{ ref('dim_period_month') }} as period_month
        on target.period_id = period_month.month_id
    inner join {{ ref('kpi_observation') }} as observation
        on
            target.agent_id = observation.agent_id
            and target.period_id = observation.period_id
            and target.metric = observation.kpi_id
    where target.target_value > 0
    group by target.agent_id, period_month.period_id, target.metric
),

absent as (
    select distinct
        period_id,
        subject_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'kpi'
),

joined as (
    select
        due.*,
        absent.subject_id is null as has_export,
        case
            when target.target_value is not null then coalesce(observation.numerator, 0)
            else coalesce(target_of_months.actual_value, observation.numerator, 0)
        end as actual_value,
        coalesce(target.target_value, target_of_months.target_value) as target_value
    from due
    left join {{ ref('kpi_observation') }} as observation
        on
            due.agent_id = observation.agent_id
            and due.period_id = observation.period_id
            and due.metric = observation.kpi_id
    left join {{ ref('fct_target') }} as target
        on
            due.agent_id = target.agent_id
            and due.period_id = target.period_id
            and due.metric = target.metric
    left join target_of_months
        on
            due.agent_id = target_of_months.agent_id
            and due.period_id = target_of_months.period_id
            and due.metric = target_of_months.metric
    left join absent
        on
            due.period_id = absent.period_id
            and due.metric = absent.subject_id
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    metric as kpi_id,
    actual_value,
    target_value,
    case when target_value > 0 and has_export then {{ ratio('actual_value', 'target_value') }} end as attainment,
    case
        when not has_export then 'no_export'
        when target_value > 0 then 'has_target'
        else 'no_target'
    end as status
from joined
