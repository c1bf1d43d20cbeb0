-- Grain: one line of an agent's bonus.

{# Every amount is quantity × rate × days / days of the period, rounded here and nowhere else. Of the segments of one component the
    last absorbs the cents, so that an unchanged amount stays whole (S-PRORATE). #}
{% set mechanism_models = [
    'bonus_line__commission',
    'bonus_line__fixed',
    'bonus_line__graded',
] %}

with

line as (
    {% for mechanism_model in mechanism_models -%}
    select * from {{ ref(mechanism_model) }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

multiplied as (
    select
        *,
        {{ exact_product('quantity', 'rate', 'day_count') }} as product,
        row_number() over (
            partition by agent_id, period_id, component_id, item order by segment_no desc nulls last
        ) = 1 as is_last_segment
    from line
),

rounded as (
    select
        *,
        {{ money_of_product('product', 'period_day_count') }} as own_amount_cny,
        {{ money_of_product(
            'sum(product) over (partition by agent_id, period_id, component_id, item)', 'period_day_count'
        ) }} as whole_amount_cny
    from multiplied
),

settled as (
    select
        *,
        case
            when is_last_segment
                then cast(
                    whole_amount_cny + own_amount_cny
                    - sum(own_amount_cny) over (partition by agent_id, period_id, component_id, item)
                    as decimal(18, 2)
                )
            else own_amount_cny
        end as amount_cny
    from rounded
)

select
    settled.period_id || ':' || settled.agent_id || ':' || settled.component_id || ':'
    || cast(settled.segment_no as string) || ':' || settled.item as bonus_line_id,
    settled.period_id || ':' || settled.agent_id as bonus_id,
    settled.period_kind,
    settled.period_id,
    settled.agent_id,
    settled.scheme_id,
    settled.component_id,
    component.mechanism,
    component.pay_kind,
    cast(row_number() over (
        partition by settled.agent_id, settled.period_id
        order by
            component.line_no asc nulls last,
            settled.component_id asc nulls last,
            settled.segment_no asc nulls last,
            settled.item asc nulls last
    ) as bigint) as line_no,
    settled.segment_no,
    settled.line_label,
    component.label_zh as line_label_zh,
    cast(settled.quantity as decimal(18, 6)) as quantity,
    settled.quantity_unit,
    settled.rate,
    settled.day_count,
    settled.period_day_count,
    settled.amount_cny,
    settled.clause_id,
    settled.value_origin,
    settled.input_model,
    settled.input_key,
    cast(null as string) as adjusts_bonus_line_id
from settled
inner join {{ ref('policy_component') }} as component
    on
        settled.component_id = component.component_id
        and settled.period_id = component.period_id
