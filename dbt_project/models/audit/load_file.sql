-- Grain: one load of one export file through one profile entry.

select
    load_id,
    load_seq,
    file,
    sha256,
    byte_count,
    table_name,
    profile,
    entry_no,
    file_format,
    encoding,
    delimiter,
    header_row_number,
    status,
    reason,
    unknown_columns,
    missing_columns,
    row_count,
    loaded_row_count,
    superseded_row_count,
    rejected_row_count,
    conflicting_key_count
from {{ ref('fct_load') }}
