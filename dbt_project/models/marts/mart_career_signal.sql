-- Grain: one career signal (promotion, fall-back, plan, transfer, reserve lead, rotation, leave), one condition.

{% set signal_models = [
    'mart_career_signal__annual_leave',
    'mart_career_signal__grade',
    'mart_career_signal__level_review',
    'mart_career_signal__promotion',
] %}

with

signal as (
    {% for signal_model in signal_models -%}
    select
        signal_id,
        signal_kind,
        agent_id,
        period_kind,
        period_id,
        scheme_id,
        condition_no,
        condition,
        threshold_value,
        actual_value,
        is_money,
        is_met,
        outcome,
        reason,
        clause_id,
        value_origin
    from {{ ref(signal_model) }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
)

select
    signal.signal_id,
    signal.signal_kind,
    signal.agent_id,
    signal.period_kind,
    signal.period_id,
    signal.scheme_id,
    cast(signal.condition_no as bigint) as condition_no,
    signal.condition,
    cast(signal.threshold_value as decimal(24, 6)) as threshold_value,
    -- PR-03: a raise beside its share would tell the salary; the models above keep it, for auditors only.
    case when not signal.is_money then cast(signal.actual_value as decimal(24, 6)) end as actual_value,
    signal.is_met,
    signal.outcome,
    signal.reason,
    signal.clause_id,
    signal.value_origin,
    case when period.has_ended then 'final' else 'provisional' end as maturity
from signal
inner join {{ ref('dim_period') }} as period
    on signal.period_id = period.period_id
