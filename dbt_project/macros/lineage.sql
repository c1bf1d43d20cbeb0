{# One row per business key: the newest version, and where it came from.
   With a version column the newest wins and equal versions are settled by content, so that the order of files does not matter;
   without one the later load, file and row wins. #}
{% macro newest_rows(source_name, table_name, key, version_column=none) %}
    select
        *
    from (
        select
            *,
            row_number() over (
                partition by {{ key | join(', ') }}
                order by
                    {% if version_column -%}
                    {{ version_column }} desc nulls last,
                    _row_hash desc nulls last,
                    {% endif -%}
                    _load_seq desc nulls last,
                    _file desc nulls last,
                    _row_number desc nulls last
            ) as _version_rank
        from {{ source(source_name, table_name) }}
    ) as ranked
    where _version_rank = 1
{% endmacro %}

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

{% macro surrogate_key(columns) %}
    md5({% for column in columns %}coalesce(cast({{ column }} as string), '~'){% if not loop.last %} || '|' || {% endif %}{% endfor %})
{% endmacro %}
