{# Does a place belong to the first so many of its group (S-RANK): is (place - 1) / n below the share? #}
{% macro is_within_share(place, cohort_size, share) -%}
cast({{ place }} - 1 as decimal(18, 0)) < cast({{ share }} as decimal(9, 6)) * cast({{ cohort_size }} as decimal(9, 0))
{%- endmacro %}

{# The rows of `placed` with the grade that their place earns (S-RANK). A place is agent_id, period_id, scheme_id,
   cohort_id, cohort_size, rank and total_score; without a rank there is no grade. One text for today's places and for
   those that a settled register rests on. Adds method, band_no, grade and clause_id. #}
{% macro graded_places(placed) %}
    select
        method.*,
        band.band_no,
        band.grade,
        band.clause_id
    from (
        {{ _with_method(placed) }}
    ) as method
    left join (
        -- The first band whose cumulative share exceeds (rank - 1) / n, or whose lowest score is reached; never on
        -- doubles.
        select
            place.agent_id,
            place.period_id,
            min(band.band_no) as band_no
        from (
            {{ _with_method(placed) }}
        ) as place
        inner join {{ ref('policy_grade_band') }} as band
            on
                place.period_id = band.period_id
                and place.scheme_id = band.scheme_id
                and place.method = band.method
                and (
                    (
                        place.method = 'forced'
                        and {{ is_within_share('place.rank', 'place.cohort_size', 'band.cumulative_share') }}
                    )
                    or (
                        place.method = 'absolute'
                        and (band.min_score is null or place.total_score >= band.min_score)
                    )
                )
        group by place.agent_id, place.period_id
    ) as reached
        on
            method.agent_id = reached.agent_id
            and method.period_id = reached.period_id
    left join {{ ref('policy_grade_band') }} as band
        on
            method.period_id = band.period_id
            and method.scheme_id = band.scheme_id
            and method.method = band.method
            and reached.band_no = band.band_no
{% endmacro %}

{# Forced where the plan has forced shares and the cohort is large enough, else absolute bands. #}
{% macro _with_method(placed) %}
    select
        place.*,
        case
            when place.rank is null then null
            when has_forced.scheme_id is not null and place.cohort_size >= scheme.min_group_size then 'forced'
            else 'absolute'
        end as method
    from {{ placed }} as place
    inner join {{ ref('policy_scheme') }} as scheme
        on
            place.period_id = scheme.period_id
            and place.scheme_id = scheme.scheme_id
    left join (
        select distinct
            period_id,
            scheme_id
        from {{ ref('policy_grade_band') }}
        where method = 'forced'
    ) as has_forced
        on
            place.period_id = has_forced.period_id
            and place.scheme_id = has_forced.scheme_id
{% endmacro %}
