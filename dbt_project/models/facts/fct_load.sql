-- Grain: one load of one export file through one profile entry, with what became of its rows; duplicates are left out.

{% set staging_models = [
    'stg_workforce__agent',
    'stg_workforce__team',
    'stg_workforce__attendance',
    'stg_workforce__rating',
    'stg_workforce__collaboration',
    'stg_workforce__recognition',
    'stg_workforce__exam',
    'stg_workforce__target',
    'stg_ticket__ticket',
    'stg_ticket__contact',
    'stg_ticket__survey',
    'stg_ticket__quality_review',
    'stg_ticket__violation',
    'stg_crm__lead',
    'stg_crm__order',
    'stg_governance__outage',
    'stg_governance__ruling',
    'stg_governance__sign_off'
] %}

with

winner as (
    {% for staging_model in staging_models -%}
    select
        load_id,
        cast(count(*) as bigint) as loaded_row_count
    from {{ ref(staging_model) }}
    group by load_id
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
)

select
    load_file.load_id,
    load_file.load_seq,
    load_file.file,
    load_file.sha256,
    load_file.byte_count,
    load_file.table_name,
    load_file.profile,
    load_file.entry_no,
    load_file.file_format,
    load_file.encoding,
    load_file.delimiter,
    load_file.header_row_number,
    load_file.status,
    load_file.reason,
    load_file.unknown_columns,
    load_file.missing_columns,
    load_file.row_count,
    coalesce(winner.loaded_row_count, 0) as loaded_row_count,
    load_file.accepted_row_count - coalesce(winner.loaded_row_count, 0) as superseded_row_count,
    load_file.rejected_row_count,
    coalesce(load_file.conflicting_key_count, 0) as conflicting_key_count
from {{ source('run', 'load_file') }} as load_file
left join winner
    on
        load_file.load_id = winner.load_id
        and load_file.status = 'loaded'
-- A file that came before brings nothing: neither rows nor another content of the publication.
where load_file.status is distinct from 'duplicate'
