-- Grain: one agent, one period, one component paid by attainment: actual against target over the component's own days.

{# A target is given for the agent's whole service in the period; own days take their share of it (S-MOVE). A quarter
   or year without a target of its own has the shares of its months' targets, against the actual of the same months.
   compared_actual and compared_target are both sides multiplied by the days that the target is shared by, in
   millionths, so that nothing compared is rounded (S-EXACT). #}

with

due as (
    select
        due.*,
        coalesce(metric.text_value, due.basis) as metric
    from {{ ref('bonus_due_days') }} as due
    left join {{ ref('policy_component_parameter') }} as metric
        on
            due.component_id = metric.component_id
            and due.period_id = metric.period_id
            and metric.parameter = 'metric'
    where
        due.mechanism in ('commission', 'threshold')
        or (due.mechanism = 'top_n' and due.basis = 'attainment')
),

own_month as (
    select
        own.*,
        target.target_value
    from {{ ref('bonus_own_observation') }} as own
    left join {{ ref('fct_target') }} as target
        on
            own.agent_id = target.agent_id
            and own.month_id = target.period_id
            and own.kpi_id = target.metric
            and target.target_value > 0
),

-- What all shares of a row's targets are whole multiples of: 1 where no month was shared.
summed as (
    select
        agent_id,
        period_id,
        component_id,
        cast(sum(numerator) as decimal(24, 6)) as actual_value,
        cast(
            sum(case when target_value is not null then numerator end) as decimal(24, 6)
        ) as actual_of_months,
        case
            when count(case when target_value is not null and own_day_count < service_day_count then 1 end) > 0
                then {{ common_multiple_of_month_days() }}
            else 1
        end as multiple
    from own_month
    group by agent_id, period_id, component_id
),

target_of_months as (
    select
        own_month.agent_id,
        own_month.period_id,
        own_month.component_id,
        sum(
            {{ millionths('own_month.target_value') }} * case
                when own_month.own_day_count = own_month.service_day_count then summed.multiple
                else
                    own_month.own_day_count
                    * {{ integer_division('summed.multiple', 'own_month.service_day_count') }}
            end
        ) as shared_target
    from own_month
    inner join summed
        on
            own_month.agent_id = summed.agent_id
            and own_month.period_id = summed.period_id
            and own_month.component_id = summed.component_id
    where own_month.target_value is not null
    group by own_month.agent_id, own_month.period_id, own_month.component_id
),

-- S-EXPORT: of a KPI whose exports never came nothing was attained, nor missed.
absent as (
    select distinct
        period_id,
        subject_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'kpi'
),

compared as (
    select
        due.*,
        absent.subject_id is null as has_export,
        case
            when target.target_value is null then coalesce(summed.actual_of_months, summed.actual_value, 0)
            else coalesce(summed.actual_value, 0)
        end as actual_value,
        case
            when target.target_value is not null then due.service_day_count
            when target_of_months.shared_target is not null then summed.multiple
        end as multiple,
        case
            when target.target_value is not null then {{ millionths('target.target_value') }} * due.own_day_count
            else target_of_months.shared_target
        end as compared_target
    from due
    left join {{ ref('fct_target') }} as target
        on
            due.agent_id = target.agent_id
            and due.period_id = target.period_id
            and due.metric = target.metric
    left join summed
        on
            due.agent_id = summed.agent_id
            and due.period_id = summed.period_id
            and due.component_id = summed.component_id
    left join target_of_months
        on
            due.agent_id = target_of_months.agent_id
            and due.period_id = target_of_months.period_id
            and due.component_id = target_of_months.component_id
    left join absent
        on
            due.period_id = absent.period_id
            and due.metric = absent.subject_id
),

multiplied as (
    select
        *,
        {{ millionths('actual_value') }} * multiple as compared_actual
    from compared
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    metric as kpi_id,
    actual_value,
    {{ quotient('compared_target', millionths('multiple')) }} as target_value,
    own_day_count,
    service_day_count,
    cast(compared_actual as decimal(38, 0)) as compared_actual,
    cast(compared_target as decimal(38, 0)) as compared_target,
    case
        when compared_target > 0 and has_export then {{ quotient('compared_actual', 'compared_target') }}
    end as attainment,
    case
        when not has_export then 'no_export'
        when compared_target > 0 then 'has_target'
        else 'no_target'
    end as status
from multiplied
