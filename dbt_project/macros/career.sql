{# One kind of review: every condition of every signal that the agent's plan and level are reviewed for, with what
   was asked, what was, and whether it is met; a signal is due where all its conditions are. Rows with comparison
   `grants` say what a due signal brings. A measure's name ends in its unit: one in money is told as such, since what
   it comes to is somebody's pay.
   Grain: one agent, one period, one signal, one condition. #}
{% macro career_signals(review, ended_only=true) %}
{%- set reached = [millionths('measure.numerator'), millionths('measure.denominator'), 'asked.threshold_value'] -%}
with

asked as (
    select
        agent.agent_id,
        agent.period_kind,
        agent.period_id,
        agent.scheme_id,
        agent.base_salary_cny,
        condition.signal_kind,
        condition.to_level,
        condition.condition_no,
        condition.measure,
        condition.measure_bound,
        condition.comparison,
        condition.threshold_value,
        condition.if_missing,
        condition.label_en,
        condition.clause_id,
        condition.value_origin
    from {{ ref('dim_agent_period') }} as agent
    inner join {{ ref('dim_period') }} as period
        on agent.period_id = period.period_id
    inner join {{ ref('policy_career_condition') }} as condition
        on
            agent.period_id = condition.period_id
            and agent.scheme_id = condition.scheme_id
            and (condition.level = agent.level or condition.level = '*')
    where
        condition.review = '{{ review }}'
        {% if ended_only -%}
        and period.has_ended
        -- PT-20, LL-06: nobody is reviewed who is not in service on the period's last day.
        and agent.last_day_on = period.ends_on
        {%- endif %}
),

measured as (
    select
        asked.*,
        measure.value as actual_value,
        coalesce(measure.status, 'known') as measure_status,
        case
            when asked.comparison = 'grants' then true
            when measure.status = 'no_export' then false
            when measure.value is null then asked.if_missing = 'met'
            when asked.comparison = 'at_least'
                then {{ reaches_share(*reached) }}
            when asked.comparison = 'at_most'
                then not {{ exceeds_share(*reached) }}
            when asked.comparison = 'below'
                then not {{ reaches_share(*reached) }}
            else false
        end as is_condition_met
    from asked
    left join {{ ref('bonus_review_measure') }} as measure
        on
            asked.agent_id = measure.agent_id
            and asked.period_id = measure.period_id
            and asked.measure = measure.measure
            and asked.measure_bound is not distinct from measure.measure_bound
),

judged as (
    select
        *,
        sum(case when is_condition_met then 0 else 1 end) over (
            partition by agent_id, period_id, signal_kind, to_level
        ) = 0 as is_due
    from measured
)

select
    period_id || ':' || agent_id || ':' || signal_kind || ':' || to_level as signal_id,
    signal_kind,
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    condition_no,
    label_en as condition,
    cast(threshold_value as decimal(24, 6)) as threshold_value,
    cast(
        case
            when comparison <> 'grants' then actual_value
            when not is_due then null
            when measure = 'raise_cny'
                then {{ money('cast(base_salary_cny as decimal(20, 2)) * cast(threshold_value as decimal(9, 6))') }}
            else threshold_value
        end as decimal(24, 6)
    ) as actual_value,
    measure like '%cny' as is_money,
    case when comparison = 'grants' then is_due else is_condition_met end as is_met,
    case when is_due then signal_kind || ': ' || to_level else 'not_due' end as outcome,
    case when measure_status = 'no_export' and comparison <> 'grants' then 'no_export' end as reason,
    clause_id,
    value_origin
from judged
{% endmacro %}
