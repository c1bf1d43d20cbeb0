-- Rows by the local date of their newest event, grouped by the quarter of an hour first, which is much
-- quicker: zones differ by whole ones.
WITH raw AS (FROM read_parquet($1, union_by_name = true)),

quarters AS (
    SELECT quarter: epoch_us($newest) // 900000000, rows: count(*) FROM raw GROUP BY 1
)

SELECT day: local_date(make_timestamp(quarter * 900000000), $timezone), rows: sum(rows) FROM quarters GROUP BY 1
