-- Faulty rows in the order of their files, as audit.rejected_row has them.
SELECT file, row_number, table_name, reason, raw_text
FROM read_parquet($1, union_by_name = true)
WHERE kind = 'fault'
ORDER BY file, row_number NULLS FIRST, table_name, reason
