{# Dates and durations, one dispatched macro for each thing the engines say differently. #}

{% macro business_timezone() %}{{ return(env_var('MERITLINE_TIMEZONE', 'Asia/Shanghai')) }}{% endmacro %}

{# The local date, in the business time zone, of a UTC timestamp. #}
{% macro local_date(utc_timestamp) %}{{ return(adapter.dispatch('local_date')(utc_timestamp)) }}{% endmacro %}
{% macro default__local_date(utc_timestamp) -%}
    cast(timezone('{{ business_timezone() }}', timezone('UTC', {{ utc_timestamp }})) as date)
{%- endmacro %}
{% macro spark__local_date(utc_timestamp) -%}
    cast(from_utc_timestamp({{ utc_timestamp }}, '{{ business_timezone() }}') as date)
{%- endmacro %}

{% macro epoch_micros(utc_timestamp) %}{{ return(adapter.dispatch('epoch_micros')(utc_timestamp)) }}{% endmacro %}
{% macro default__epoch_micros(utc_timestamp) %}epoch_us({{ utc_timestamp }}){% endmacro %}
{% macro spark__epoch_micros(utc_timestamp) %}unix_micros({{ utc_timestamp }}){% endmacro %}

{# Whole seconds from start to end, fraction dropped; negative when end is before start. #}
{% macro seconds_between(start_at, end_at) %}
    cast({{ integer_division(epoch_micros(end_at) ~ " - " ~ epoch_micros(start_at), "1000000") }} as bigint)
{% endmacro %}

{# Is `at` within (start_at, start_at + days × 24 h]? #}
{% macro is_within_days(start_at, at, days) %}
    (
        {{ at }} > {{ start_at }}
        and {{ epoch_micros(at) }} - {{ epoch_micros(start_at) }} <= ({{ days }}) * cast(86400000000 as bigint)
    )
{% endmacro %}

{# Is `at` just after a window: not within days × 24 h of start_at, but within tail_days × 24 h more? #}
{% macro is_just_after_days(start_at, at, days, tail_days) %}
    (
        {{ epoch_micros(at) }} - {{ epoch_micros(start_at) }} > ({{ days }}) * cast(86400000000 as bigint)
        and {{ epoch_micros(at) }} - {{ epoch_micros(start_at) }}
            <= ({{ days }} + {{ tail_days }}) * cast(86400000000 as bigint)
    )
{% endmacro %}

{# Has a window of days × 24 h from start_at elapsed at the cut? One without a start never has. #}
{% macro has_elapsed(start_at, days, cut_at) %}
    coalesce(
        {{ epoch_micros(cut_at) }} - {{ epoch_micros(start_at) }} >= ({{ days }}) * cast(86400000000 as bigint), false
    )
{% endmacro %}

{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days')(day, days)) }}{% endmacro %}
{% macro default__add_days(day, days) %}cast({{ day }} + cast({{ days }} as integer) as date){% endmacro %}
{% macro spark__add_days(day, days) %}date_add({{ day }}, cast({{ days }} as int)){% endmacro %}

{% macro add_months(day, months) %}{{ return(adapter.dispatch('add_months')(day, months)) }}{% endmacro %}
{% macro default__add_months(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}
{% macro spark__add_months(day, months) %}add_months({{ day }}, cast({{ months }} as int)){% endmacro %}

{% macro days_between(start_on, end_on) %}{{ return(adapter.dispatch('days_between')(start_on, end_on)) }}{% endmacro %}
{% macro default__days_between(start_on, end_on) %}cast({{ end_on }} - {{ start_on }} as bigint){% endmacro %}
{% macro spark__days_between(start_on, end_on) %}cast(datediff({{ end_on }}, {{ start_on }}) as bigint){% endmacro %}

{% macro month_start(day) %}cast(date_trunc('month', {{ day }}) as date){% endmacro %}

{# The first day of 2026-10. #}
{% macro first_day_of_month(month_id) %}cast({{ month_id }} || '-01' as date){% endmacro %}

{# 2026-10, 2026-Q4, 2026: the period of a date. #}
{% macro month_id(day) %}substr(cast({{ day }} as string), 1, 7){% endmacro %}
{% macro quarter_id(day) -%}
    (cast(extract(year from {{ day }}) as string) || '-Q' || cast(extract(quarter from {{ day }}) as string))
{%- endmacro %}
{% macro year_id(day) %}cast(extract(year from {{ day }}) as string){% endmacro %}

{# What is known at the cut of an instant: nothing dated after it is (S-ASOF). #}
{% macro known_at(at, cut_at) %}(case when {{ at }} < {{ cut_at }} then {{ at }} end){% endmacro %}

{# Full months from start_on to day, both dates; a month is full on its day of the month, or on the last day of a
   month that lacks it. #}
{% macro full_months(start_on, day) %}
    cast(
        (extract(year from {{ day }}) - extract(year from {{ start_on }})) * 12
        + extract(month from {{ day }}) - extract(month from {{ start_on }})
        - case
            when
                extract(day from {{ day }}) < extract(day from {{ start_on }})
                and extract(month from {{ add_days(day, 1) }}) = extract(month from {{ day }})
                then 1
            else 0
        end as bigint
    )
{% endmacro %}

{# Full years from start_on to day, both dates; a year is full on the corresponding day, or on the last day of a month
   that lacks it (hired 29 February: complete on 28 February). #}
{% macro full_years(start_on, day) %}
    cast({{ integer_division(full_months(start_on, day), '12') }} as bigint)
{% endmacro %}

{# ISO weekday: Monday 1 … Sunday 7. #}
{% macro weekday_no(day) %}{{ return(adapter.dispatch('weekday_no')(day)) }}{% endmacro %}
{% macro default__weekday_no(day) %}cast(isodow({{ day }}) as bigint){% endmacro %}
{% macro spark__weekday_no(day) %}cast(datediff({{ day }}, date_trunc('week', {{ day }})) + 1 as bigint){% endmacro %}

{# The UTC timestamp of a local day and a wall-clock time 'HH:MM'. #}
{% macro utc_of_local(day, wall_time) %}{{ return(adapter.dispatch('utc_of_local')(day, wall_time)) }}{% endmacro %}
{% macro default__utc_of_local(day, wall_time) -%}
    timezone('UTC', timezone(
        '{{ business_timezone() }}', cast(cast({{ day }} as string) || ' ' || {{ wall_time }} || ':00' as timestamp)
    ))
{%- endmacro %}
{% macro spark__utc_of_local(day, wall_time) -%}
    to_utc_timestamp(
        cast(cast({{ day }} as string) || ' ' || {{ wall_time }} || ':00' as timestamp), '{{ business_timezone() }}'
    )
{%- endmacro %}

{# Cumulative business time, in microseconds, at a UTC timestamp, from its local day's row of
   int_calendar__business_day. #}
{% macro business_micros_at(day_alias, at) %}
    (
        {{ day_alias }}.cumulative_micros
        {% for n in range(1, 5) -%}
        + coalesce(
            least(
                greatest({{ epoch_micros(at) }} - {{ day_alias }}.start_{{ n }}_micros, 0),
                {{ day_alias }}.length_{{ n }}_micros
            ),
            0
        )
        {% endfor -%}
    )
{% endmacro %}

{# Whole business seconds between two instants, given the calendar rows of their local days. #}
{% macro business_seconds_between(start_day, start_at, end_day, end_at) %}
    cast({{ integer_division(
        business_micros_at(end_day, end_at) ~ " - " ~ business_micros_at(start_day, start_at), "1000000"
    ) }} as bigint)
{% endmacro %}
