{# Exact arithmetic. Division happens only in ratio(), rounding only in ratio(), points(), money(): DECIMAL in,
   DECIMAL out, half away from zero. #}

{% macro wide_integer_type() %}{{ return(adapter.dispatch('wide_integer_type')()) }}{% endmacro %}
{% macro default__wide_integer_type() %}hugeint{% endmacro %}
{% macro spark__wide_integer_type() %}decimal(38, 0){% endmacro %}

{% macro integer_division(dividend, divisor) %}
    {{ return(adapter.dispatch('integer_division')(dividend, divisor)) }}
{% endmacro %}
{% macro default__integer_division(dividend, divisor) %}(({{ dividend }}) // ({{ divisor }})){% endmacro %}
{% macro spark__integer_division(dividend, divisor) %}(({{ dividend }}) div ({{ divisor }})){% endmacro %}

{# A DECIMAL as an exact count of millionths, so that integers can be divided instead of doubles. #}
{% macro millionths(value) -%}
    cast(cast({{ value }} as decimal(24, 6)) * 1000000 as {{ wide_integer_type() }})
{%- endmacro %}

{# numerator / denominator as decimal(24, scale), rounded half away from zero; NULL when the denominator is 0 or NULL.
   The denominator is not negative. #}
{% macro ratio(numerator, denominator, scale=6) %}
    {{- quotient(millionths(numerator), millionths(denominator), scale) -}}
{% endmacro %}

{# The same of two whole numbers, which may be wider than a decimal(24, 6) has digits for. #}
{% macro quotient(dividend, divisor, scale=6) %}
    cast(
        cast(
            case when {{ dividend }} < 0 then -1 else 1 end * {{ integer_division(
                "abs(" ~ dividend ~ ") * 2 * " ~ (10 ** scale) ~ " + " ~ divisor,
                "nullif(" ~ divisor ~ ", 0) * 2"
            ) }} as decimal(24, 0)
        ) * cast({{ '0.' ~ ('0' * (scale - 1)) ~ '1' }} as decimal({{ scale + 1 }}, {{ scale }}))
        as decimal(24, {{ scale }})
    )
{% endmacro %}

{# A whole number that every number of days of a month divides (1 to 31). #}
{% macro common_multiple_of_month_days() %}cast(72201776446800 as {{ wide_integer_type() }}){% endmacro %}

{# Scores and points: four decimals, half up. #}
{% macro points(value) %}cast({{ value }} as decimal(18, 4)){% endmacro %}

{# Money: cents, half up. #}
{% macro money(value) %}cast({{ value }} as decimal(18, 2)){% endmacro %}

{# quantity × rate × day_count in integers (millionths × hundred-millionths), so that no product is rounded before the
   cent. #}
{% macro exact_product(quantity, rate, day_count) %}
    (
        cast(cast({{ quantity }} as decimal(26, 6)) * 1000000 as {{ wide_integer_type() }})
        * cast(cast({{ rate }} as decimal(26, 8)) * 100000000 as {{ wide_integer_type() }})
        * {{ day_count }}
    )
{% endmacro %}

{# Cents of an exact product, prorated by day_count of a period and rounded half away from zero, as decimal(18, 2). #}
{% macro money_of_product(product, period_day_count) %}
    cast(
        cast(
            case when {{ product }} < 0 then -1 else 1 end * {{ integer_division(
                "abs(" ~ product ~ ") * 2 * 100 + cast("
                ~ period_day_count ~ " as " ~ wide_integer_type() ~ ") * 100000000000000",
                "cast(" ~ period_day_count ~ " as " ~ wide_integer_type() ~ ") * 2 * 100000000000000"
            ) }} as decimal(20, 0)
        ) * cast(0.01 as decimal(3, 2))
        as decimal(18, 2)
    )
{% endmacro %}

{# A number as a sentence says it: a whole one without decimals, any other with two. #}
{% macro said(number) %}
    case
        when {{ number }} = cast({{ number }} as bigint) then cast(cast({{ number }} as bigint) as string)
        else cast(cast({{ number }} as decimal(18, 2)) as string)
    end
{% endmacro %}

{# Is `part` less than a hundredth of `whole`? #}
{% macro is_below_a_hundredth(part, whole) %}(({{ part }}) * 100 < ({{ whole }})){% endmacro %}

{# The quotient of two whole numbers, the divisor above 0, as two columns that order exactly: the whole number not above
   it, and the digits after the point as text of one length. Two quotients that differ do so within as many digits as
   their divisors have together. #}
{% macro whole_quotient(dividend, divisor) %}
    case
        when {{ dividend }} < 0
            then -({{ integer_division('(' ~ divisor ~ ' - 1 - ' ~ dividend ~ ')', divisor) }})
        else {{ integer_division(dividend, divisor) }}
    end
{% endmacro %}

{# `remainder` is dividend - whole_quotient × divisor: six digits at a time, so that no product grows by more. #}
{% macro quotient_digits(remainder, divisor) %}
    {%- set rest = namespace(sql=remainder) -%}
    {%- for chunk in range(9) -%}
    lpad(cast({{ integer_division('(' ~ rest.sql ~ ') * 1000000', divisor) }} as string), 6, '0')
    {%- if not loop.last %} || {% endif %}
    {%- set rest.sql = '((' ~ rest.sql ~ ') * 1000000) % ' ~ divisor -%}
    {%- endfor -%}
{% endmacro %}
