{# Why a ticket is set aside from a KPI on solving (POLICY section 1): its validity first; `is_timed` where the KPI
   compares the time of solving with the time of creation. #}
{% macro solving_exclusion(ticket, is_timed=false) %}
    case
        when {{ ticket }}.invalid_reason is not null then {{ ticket }}.invalid_reason
        when {{ ticket }}.has_no_solve_time then 'no_solve_time'
        {% if is_timed -%}
        when {{ ticket }}.has_solve_before_creation then 'solve_before_creation'
        {%- endif %}
    end
{% endmacro %}

{# The day that a KPI attributed by solving is of; a solved ticket without a time is shown on its day of creation. #}
{% macro solving_day(ticket) %}coalesce({{ ticket }}.solved_on, {{ ticket }}.created_on){% endmacro %}


{# Models of the KPIs that a site adds. #}
{%- macro site_kpi_models() -%}
    {%- set models = [] -%}
    {%- for kpi in env_var('MERITLINE_SITE_KPIS', '').split() -%}
        {%- do models.append('kpi_' ~ kpi) -%}
    {%- endfor -%}
    {%- do return(models) -%}
{%- endmacro -%}
