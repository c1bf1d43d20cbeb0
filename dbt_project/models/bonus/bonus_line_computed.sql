-- Grain: one line of an agent's bonus as the data and policy of this run make it, whether or not the period is absorbed.

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

absorbed as (
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
    absorbed.period_id || ':' || absorbed.agent_id || ':' || absorbed.component_id || ':'
    || cast(absorbed.segment_no as string) || ':' || absorbed.item as bonus_line_id,
    absorbed.period_id || ':' || absorbed.agent_id as bonus_id,
    absorbed.period_kind,
    absorbed.period_id,
    absorbed.agent_id,
    absorbed.scheme_id,
    absorbed.component_id,
    component.mechanism,
    component.pay_kind,
    cast(row_number() over (
        partition by absorbed.agent_id, absorbed.period_id
        order by
            component.line_no asc nulls last,
            absorbed.component_id asc nulls last,
            absorbed.segment_no asc nulls last,
            absorbed.item asc nulls last
    ) as bigint) as line_no,
    absorbed.segment_no,
    absorbed.line_label,
    component.label_zh as line_label_zh,
    cast(absorbed.quantity as decimal(18, 6)) as quantity,
    absorbed.quantity_unit,
    absorbed.rate,
    absorbed.day_count,
    absorbed.period_day_count,
    absorbed.amount_cny,
    absorbed.clause_id,
    absorbed.value_origin,
    absorbed.input_model,
    absorbed.input_key
from absorbed
inner join {{ ref('policy_component') }} as component
    on
        absorbed.component_id = component.component_id
        and absorbed.period_id = component.period_id
