-- Rows whose newest event is after a day, and whether each is the newest version of its key.
WITH raw AS (FROM read_parquet($1, union_by_name = true)),

odd AS (SELECT $keys FROM raw WHERE $newest > $2),

versions AS (
    SELECT *, is_newest: row_number() OVER (PARTITION BY $keys ORDER BY $version) = 1
    FROM raw
    SEMI JOIN odd USING ($keys)
)

SELECT _file, _row_number, is_newest, $newest, [$days] FROM versions WHERE $newest > $2
