{# Dates resolved once: does an effective-dated row hold on that day? effective_from included, effective_to not. #}
{% macro holds_on(day, row) -%}
    (
        {{ day }} >= {{ row }}.effective_from
        and {{ day }} < coalesce({{ row }}.effective_to, cast('9999-12-31' as date))
    )
{%- endmacro %}

{# The rows of a policy seed in force on the last day of each period; with by_kind those that say a kind of period
   alone for periods of it. #}
{% macro rows_in_force(seed, by_kind=false) %}
    select
        period.period_id,
        {% if not by_kind -%}
        period.period_kind,
        {% endif -%}
        seed.*
    from {{ ref(seed) }} as seed
    inner join {{ ref('dim_period') }} as period
        on
            {{ holds_on('period.ends_on', 'seed') }}
            {%- if by_kind %}
            and seed.period_kind = period.period_kind
            {%- endif %}
{% endmacro %}
