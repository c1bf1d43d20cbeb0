{# Order statistics and roots without doubles in the result. #}

{# The square root of a DECIMAL(24, 9) not below 0 in thousandths, rounded half up, as decimal(18, 3). The engine's
   root is only a first guess: whole numbers decide, first the root rounded down, then whether a half more is above. #}
{% macro square_root(value) %}
    {%- set millionth = "cast(" ~ value ~ " as decimal(24, 9)) * 1000000" -%}
    {%- set guess = "cast(floor(sqrt(" ~ millionth ~ ")) as bigint)" -%}
    {%- set down %}
        case
            when ({{ guess }} + 1) * ({{ guess }} + 1) <= {{ millionth }} then {{ guess }} + 1
            when {{ guess }} * {{ guess }} > {{ millionth }} then {{ guess }} - 1
            else {{ guess }}
        end
    {%- endset %}
    cast(
        case
            when {{ value }} is null then null
            when (2 * ({{ down }}) + 1) * (2 * ({{ down }}) + 1) <= 2 * 2 * {{ millionth }} then ({{ down }}) + 1
            else {{ down }}
        end * cast(0.001 as decimal(4, 3))
        as decimal(18, 3)
    )
{% endmacro %}

{# How far a value is from the mean, as a multiple of the mean, as decimal(24, 9); NULL of a mean of 0. Beyond a million
   times it says no more, and its square would have no room. #}
{% macro relative_distance(value, mean) %}
    {%- set distance = ratio(value ~ ' - ' ~ mean, 'abs(' ~ mean ~ ')', scale=9) -%}
    case
        when {{ distance }} > 1000000 then cast(1000000 as decimal(24, 9))
        when {{ distance }} < -1000000 then cast(-1000000 as decimal(24, 9))
        else {{ distance }}
    end
{% endmacro %}

{# The mean of the squares of such distances as decimal(24, 9), rounded half up: their billionths are summed, and
   divided once. #}
{% macro mean_square(distance) %}
    {%- set billionths = "cast(" ~ distance ~ " * 1000000000 as " ~ wide_integer_type() ~ ")" -%}
    {%- set whole = "count(" ~ distance ~ ") * cast(1000000000 as " ~ wide_integer_type() ~ ")" -%}
    cast(
        cast({{ integer_division(
            "2 * sum(" ~ billionths ~ " * " ~ billionths ~ ") + " ~ whole, "nullif(2 * " ~ whole ~ ", 0)"
        ) }} as decimal(24, 0)) * cast(0.000000001 as decimal(10, 9))
        as decimal(24, 9)
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

{# How surprising is it to count so many of `denominator` rows, were each counted with the chance `rate`? Minus the
   natural logarithm of Bernstein's bound on that chance: the chance is not above exp(-surprise), whatever the sizes.
   With e = numerator - denominator × rate above what is expected: e² / (2 × (denominator × rate × (1 - rate) + e / 3));
   0 where there is no excess. Exact until it is rounded, so that both engines say the same. #}
{% macro surprise(numerator, denominator, rate) -%}
    {%- set expected = "cast(" ~ denominator ~ " as decimal(12, 0)) * cast(" ~ rate ~ " as decimal(9, 6))" -%}
    {%- set excess = "cast(" ~ numerator ~ " - " ~ expected ~ " as decimal(15, 6))" -%}
    case
        when {{ numerator }} <= {{ expected }} then cast(0 as decimal(24, 3))
        else {{ ratio(
            "cast(" ~ excess ~ " * " ~ excess ~ " * 3 as decimal(24, 6))",
            "cast(" ~ expected ~ " * (1 - cast(" ~ rate ~ " as decimal(9, 6))) * 6 + "
            ~ excess ~ " * 2 as decimal(24, 6))",
            scale=3
        ) }}
    end
{%- endmacro %}
