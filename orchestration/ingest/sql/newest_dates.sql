-- Rows by the date of their newest event.
WITH raw AS (FROM read_parquet($1, union_by_name = true))
SELECT day: $newest, rows: count(*) FROM raw GROUP BY 1
