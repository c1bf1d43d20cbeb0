CREATE OR REPLACE TEMP TABLE __rejects (
    load_id VARCHAR,
    file VARCHAR,
    row_number BIGINT,
    table_name VARCHAR,
    column_name VARCHAR,
    kind VARCHAR,
    reason VARCHAR,
    raw_text VARCHAR
)
