{# What the pay mechanisms share. #}

{# The columns of a line, in their order; adjusts_bonus_line_id comes after them. #}
{% macro bonus_line_columns() -%}
    bonus_line_id,
    bonus_id,
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    component_id,
    mechanism,
    pay_kind,
    line_no,
    segment_no,
    line_label,
    line_label_zh,
    quantity,
    quantity_unit,
    rate,
    day_count,
    period_day_count,
    amount_cny,
    clause_id,
    value_origin,
    input_model,
    input_key
{%- endmacro %}

{# The mechanisms: each is one model bonus_line__<mechanism>. #}
{% macro pay_mechanisms() %}
    {{ return([
        'commission',
        'fixed',
        'graded',
        'per_event',
        'points',
        'scored',
        'threshold',
        'improvement',
        'top_n',
    ]) }}
{% endmacro %}

{# The id of a line, stable from run to run: one text, for corrections find the line they are of by it. #}
{% macro bonus_line_id(line, segment_no, item) -%}
    {{ line }}.period_id || ':' || {{ line }}.agent_id || ':' || {{ line }}.component_id || ':'
    || cast({{ segment_no }} as string) || ':' || {{ item }}
{%- endmacro %}

{# Is a row of a segment (of events, days, observations) one of the component's own days: its plan, and its role where
   it is bound to one (S-MOVE)? #}
{% macro is_own_day(due, segment) %}
    (
        {{ due }}.scheme_id = {{ segment }}.scheme_id
        and ({{ due }}.component_role = '*' or {{ due }}.component_role = {{ segment }}.role)
    )
{% endmacro %}

{# One hundredth of a score, as a factor: 95.5 points pay 0.955. #}
{% macro percent(score) %}
    cast(cast({{ score }} as decimal(9, 4)) * cast(0.01 as decimal(3, 2)) as decimal(18, 8))
{% endmacro %}

{# Does `value` fall in the band of a policy_component_rate row? A band holds its lower bound and not its upper
   one; with band_side = 'upper' it holds its upper bound and not its lower one, except that the first band has no
   lower edge (PT-05, PT-06: 20 is <= 20, 20.5 is not). #}
{% macro in_band(value, rate) %}
    (
        case
            when {{ rate }}.band_side = 'upper'
                then
                    ({{ rate }}.is_first_band or {{ value }} > {{ rate }}.lower_bound)
                    and ({{ rate }}.upper_bound is null or {{ value }} <= {{ rate }}.upper_bound)
            else
                {{ value }} >= {{ rate }}.lower_bound
                and ({{ rate }}.upper_bound is null or {{ value }} < {{ rate }}.upper_bound)
        end
    )
{% endmacro %}

{# The same of a ratio, numerator / denominator, compared by cross-multiplication: not even a sixth decimal is rounded
   (S-EXACT). #}
{% macro in_band_exactly(numerator, denominator, rate) %}
    (
        case
            when {{ rate }}.band_side = 'upper'
                then
                    ({{ rate }}.is_first_band or {{ exceeds_share(numerator, denominator, rate ~ '.lower_bound') }})
                    and (
                        {{ rate }}.upper_bound is null
                        or not {{ exceeds_share(numerator, denominator, rate ~ '.upper_bound') }}
                    )
            else
                {{ reaches_share(numerator, denominator, rate ~ '.lower_bound') }}
                and (
                    {{ rate }}.upper_bound is null
                    or not {{ reaches_share(numerator, denominator, rate ~ '.upper_bound') }}
                )
        end
    )
{% endmacro %}

{# Whole steps by which amount / base is above from_share; 0 below it. All but the shares are whole numbers of one unit:
   a cent short of a step is not a step. #}
{% macro full_steps(amount, base, from_share, step_share) %}
    cast(
        greatest(
            {{ integer_division(
                "greatest(" ~ _wide(amount) ~ " * 1000000 - "
                ~ _wide(base) ~ " * " ~ millionths(from_share) ~ ", 0)",
                "nullif(" ~ _wide(base) ~ " * " ~ millionths(step_share) ~ ", 0)"
            ) }},
            0
        ) as bigint
    )
{% endmacro %}

{# Is amount at least share × base, whole numbers of one unit? No rounding lifts an amount over the edge. #}
{% macro reaches_share(amount, base, share) %}
    ({{ _wide(amount) }} * 1000000 >= {{ _wide(base) }} * {{ millionths(share) }})
{% endmacro %}

{# Is amount more than share × base, whole numbers of one unit? #}
{% macro exceeds_share(amount, base, share) %}
    ({{ _wide(amount) }} * 1000000 > {{ _wide(base) }} * {{ millionths(share) }})
{% endmacro %}

{% macro _wide(whole_number) %}cast({{ whole_number }} as {{ wide_integer_type() }}){% endmacro %}

{# The lines of `lines` with amount_cny = quantity × rate × days / days of the period, rounded here and nowhere
   else. Of the segments of one component the last absorbs the cents, so that an unchanged amount stays whole
   (S-PRORATE). #}
{% macro with_amounts(lines) %}
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
    from (
        select
            *,
            {{ money_of_product('product', 'period_day_count') }} as own_amount_cny,
            {{ money_of_product(
                'sum(product) over (partition by agent_id, period_id, component_id, item)', 'period_day_count'
            ) }} as whole_amount_cny
        from (
            select
                *,
                {{ exact_product('quantity', 'rate', 'day_count') }} as product,
                row_number() over (
                    partition by agent_id, period_id, component_id, item order by segment_no desc nulls last
                ) = 1 as is_last_segment
            from {{ lines }}
        ) as multiplied
    ) as rounded
{% endmacro %}
