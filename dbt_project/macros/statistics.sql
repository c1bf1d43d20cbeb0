{# Order statistics and roots without doubles in the result. #}

{# Thousandths of the square root of a DECIMAL not below 0, rounded down, as decimal(18, 3).
   The engine's root is only a first guess: whole numbers decide. #}
{% macro square_root(value) %}
    {%- set millionth = "cast(" ~ value ~ " as decimal(24, 6)) * 1000000" -%}
    {%- set guess = "cast(floor(sqrt(" ~ millionth ~ ")) as bigint)" %}
    cast(
        case
            when {{ value }} is null then null
            when ({{ guess }} + 1) * ({{ guess }} + 1) <= {{ millionth }} then {{ guess }} + 1
            when {{ guess }} * {{ guess }} > {{ millionth }} then {{ guess }} - 1
            else {{ guess }}
        end * cast(0.001 as decimal(4, 3))
        as decimal(18, 3)
    )
{% endmacro %}

{# Is row `row_no` of `row_count`, counted from 1 in ascending order, at or above the nearest rank
   of a percentile (0-1)? The first such row is the percentile. #}
{% macro is_from_percentile(row_no, row_count, percentile) %}
    (
        cast({{ row_no }} as decimal(18, 0))
        >= cast({{ percentile }} as decimal(9, 6)) * cast({{ row_count }} as decimal(18, 0))
    )
{% endmacro %}
