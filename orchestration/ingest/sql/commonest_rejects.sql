-- Faulty rows by table, column and reason, values aside, largest group first, each with its first row.
SELECT
    table_name,
    column_name,
    first(reason ORDER BY file, row_number NULLS FIRST),
    first(file ORDER BY file, row_number NULLS FIRST),
    first(row_number ORDER BY file, row_number NULLS FIRST),
    first(load_id ORDER BY file, row_number NULLS FIRST),
    count(*)
FROM read_parquet($1)
WHERE kind = 'fault'
GROUP BY table_name, column_name, regexp_replace(reason, '''[^'']*''', '…', 'g')$split
ORDER BY count(*) DESC, 4, 5 NULLS FIRST, 3
