{# One row per business key: the newest version, and where it came from.
   With a version column the newest wins; equal versions are settled by content, of the row and then of its file
   (which the load's id stands for), so that the order of files does not matter. Without one the later load, file and
   row wins. Few keys come twice: only those are ranked, the rest passes through. #}
{% macro newest_rows(source_name, table_name, key, version_column=none) %}
    with

    repeated_key as (
        select {{ key | join(', ') }}
        from {{ source(source_name, table_name) }}
        where {{ is_touched('key') }}
        group by {{ key | join(', ') }}
        having count(*) > 1
    ),

    ranked as (
        select
            source_row.*,
            row_number() over (
                partition by
                    {% for column in key -%}
                    source_row.{{ column }}{% if not loop.last %}, {% endif %}
                    {%- endfor %}
                order by
                    {% if version_column -%}
                    {# Rows without a version are settled by load, as tables without one; equal versions by hash,
                       so that the order of files cannot matter to them. -#}
                    {% set version = 'source_row.' ~ version_column -%}
                    {{ version }} desc nulls last,
                    case when {{ version }} is null then source_row._load_seq end desc nulls last,
                    case when {{ version }} is null then source_row._file end desc nulls last,
                    case when {{ version }} is not null then source_row._row_hash end desc nulls last,
                    case when {{ version }} is not null then source_row._load_id end desc nulls last,
                    {% else -%}
                    source_row._load_seq desc nulls last,
                    source_row._file desc nulls last,
                    {% endif -%}
                    source_row._row_number desc nulls last
            ) as _version_rank
        from (select * from {{ source(source_name, table_name) }} where {{ is_touched('key') }}) as source_row
        inner join repeated_key
            on
                {% for column in key -%}
                source_row.{{ column }} = repeated_key.{{ column }}{% if not loop.last %} and {% endif %}
                {%- endfor %}
    ),

    single as (
        select
            source_row.*,
            cast(1 as bigint) as _version_rank
        from (select * from {{ source(source_name, table_name) }} where {{ is_touched('key') }}) as source_row
        left join repeated_key
            on
                {% for column in key -%}
                source_row.{{ column }} = repeated_key.{{ column }}{% if not loop.last %} and {% endif %}
                {%- endfor %}
        where repeated_key.{{ key[0] }} is null
    )

    select * from single
    union all
    select * from ranked
    where _version_rank = 1
{% endmacro %}

{# The rows of a source or relation that are to be read where only touched months (by `column`) or keys (`key`) are
   built again. It holds of every row until the materialization puts its condition in this comment's place. #}
{% macro is_touched(column) %}/* touched {{ column }} */ true{% endmacro %}

{# The rows that are to be read where a table is made of one group of rows after another (`in_groups`), and those of
   nobody: likewise for the materialization. #}
{% macro is_in_group(column) %}/* group {{ column }} */ true{% endmacro %}

{# The columns that lead from any fact back to a line of an export file. #}
{% macro source_columns() %}
    _load_id as load_id,
    _row_number as source_row_number,
    _row_hash as source_row_hash
{% endmacro %}

{# The same columns, already renamed, carried from staging into facts. #}
{% macro carried_source_columns(alias) %}
    {{ alias }}.load_id,
    {{ alias }}.source_row_number,
    {{ alias }}.source_row_hash
{% endmacro %}

{# The facts whose rows are evidence, each with its key: what evidence_key of that evidence_model is made of. #}
{% macro evidence_facts() %}
    {{ return({
        'dim_agent_segment': ['agent_id', 'effective_from_on'],
        'dim_team': ['team_id'],
        'fct_attendance': ['agent_id', 'worked_on'],
        'fct_rating': ['rating_id'],
        'fct_collaboration': ['collaboration_id'],
        'fct_recognition': ['recognition_id'],
        'fct_exam': ['agent_id', 'exam', 'taken_on'],
        'fct_target': ['agent_id', 'period_id', 'metric'],
        'fct_ticket': ['ticket_id'],
        'fct_contact': ['contact_id'],
        'fct_survey': ['survey_id'],
        'fct_quality_review': ['review_id'],
        'fct_violation': ['violation_id'],
        'fct_lead': ['lead_id'],
        'fct_order': ['order_id'],
        'fct_ruling': ['ruling_id'],
        'fct_sign_off': ['period_id', 'reviewer_id'],
    }) }}
{% endmacro %}

{# The key of a fact's row as evidence names it: one text. #}
{% macro evidence_key(fact) -%}
    {% for column in evidence_facts()[fact] -%}
    cast({{ column }} as string){% if not loop.last %} || ':' || {% endif %}
    {%- endfor %}
{%- endmacro %}

{% macro surrogate_key(columns) %}
    md5(
        {% for column in columns -%}
        coalesce(cast({{ column }} as string), '~'){% if not loop.last %} || '|' || {% endif %}
        {%- endfor %}
    )
{% endmacro %}
