-- Rows of each load that count: the newest version of their key, as staging takes it (macros/lineage.sql). Rows that a
-- group or `distinct` left behind are in no part.
WITH raw AS (FROM read_parquet($1, union_by_name = true)),

twice AS (SELECT $keys FROM raw GROUP BY ALL HAVING count(*) > 1),

versions AS (
    SELECT _load_id, number: row_number() OVER (PARTITION BY $keys ORDER BY $version)
    FROM raw
    SEMI JOIN twice USING ($keys)
),

beaten AS (SELECT _load_id, count(*) AS row_count FROM versions WHERE number > 1 GROUP BY _load_id)

SELECT _load_id, count(*) - coalesce(any_value(beaten.row_count), 0)
FROM raw LEFT JOIN beaten USING (_load_id)
GROUP BY _load_id
