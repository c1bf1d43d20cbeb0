-- Grain: one fact row: the line of the export file it came from.

with

fact_row as (
    {% for fact in evidence_facts() -%}
    select
        '{{ fact }}' as evidence_model,
        {{ evidence_key(fact) }} as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref(fact) }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
)

select
    fact_row.evidence_model,
    fact_row.evidence_key,
    load_file.file,
    fact_row.source_row_number as row_number,
    fact_row.source_row_hash as row_hash,
    fact_row.load_id
from fact_row
left join {{ ref('fct_load') }} as load_file
    on
        fact_row.load_id = load_file.load_id
        and load_file.status = 'loaded'
