{# Dates resolved once: the rows of a policy seed in force on the last day of each period. #}
{% macro rows_in_force(seed) %}
    select
        period.period_id,
        period.period_kind as in_force_period_kind,
        seed.*
    from {{ ref(seed) }} as seed
    inner join {{ ref('dim_period') }} as period
        on
            period.ends_on >= seed.effective_from
            and (seed.effective_to is null or period.ends_on < seed.effective_to)
{% endmacro %}
