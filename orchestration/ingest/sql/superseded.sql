-- Rows of each load that are not the newest version of their key, as staging takes it (macros/lineage.sql).
WITH raw AS (FROM read_parquet($1, union_by_name = true)),

twice AS (SELECT $keys FROM raw GROUP BY ALL HAVING count(*) > 1),

versions AS (
    SELECT _load_id, number: row_number() OVER (PARTITION BY $keys ORDER BY $version)
    FROM raw
    SEMI JOIN twice USING ($keys)
)

SELECT _load_id, count(*) FROM versions WHERE number > 1 GROUP BY _load_id
