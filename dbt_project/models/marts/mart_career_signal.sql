-- Grain: one career signal (promotion, fall-back, improvement plan, transfer, reserve lead, rotation, leave), one condition.

{% set signal_models = [
    'career_signal__grade',
] %}

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
    is_met,
    outcome,
    clause_id,
    value_origin
from {{ ref(signal_model) }}
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
