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

{# Rows of daily sums by whom they count for, of the kinds asked: an agent, a team and a department ('' = of none) have
   what counts for the agent; the centre also has rows of no or an unknown agent. `rows` are those that count for the
   centre. #}
{% macro grouped_evidence(rows, columns, kinds) -%}
    {%- set groups = {
        'agent': ('agent_id', 'is_counted and agent_id is not null'),
        'team': ("coalesce(team_id, '')", 'is_counted'),
        'department': ("coalesce(department, '')", 'is_counted'),
        'centre': ("'centre'", 'is_counted_for_centre'),
    } -%}
    {%- for kind in kinds %}
    select
        '{{ kind }}' as group_kind,
        {{ groups[kind][0] }} as group_id,
        {{ columns | join(', ') }}
    from {{ rows }}
    where {{ groups[kind][1] }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
