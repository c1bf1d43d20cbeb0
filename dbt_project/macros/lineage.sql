{# One row per business key: the newest version, and where it came from.
   With a version column the newest wins; equal versions are settled by content, of the row and then of its file
   (which the load's id stands for), so that the order of files does not matter. Without one the later load, file and
   row wins. Few keys come twice: only those are ranked, the rest passes through. #}
{% macro newest_rows(source_name, table_name, key, version_column=none) %}
    with

    repeated_key as (
        select {{ key | join(', ') }}
        from {{ source(source_name, table_name) }}
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
                    source_row.{{ version_column }} desc nulls last,
                    source_row._row_hash desc nulls last,
                    source_row._load_id desc nulls last,
                    {% else -%}
                    source_row._load_seq desc nulls last,
                    source_row._file desc nulls last,
                    {% endif -%}
                    source_row._row_number desc nulls last
            ) as _version_rank
        from {{ source(source_name, table_name) }} as source_row
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
        from {{ source(source_name, table_name) }} as source_row
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
    md5(
        {% for column in columns -%}
        coalesce(cast({{ column }} as string), '~'){% if not loop.last %} || '|' || {% endif %}
        {%- endfor %}
    )
{% endmacro %}
