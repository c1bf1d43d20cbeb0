-- Other files with rows of a load: rows that are the same, and rows that are the same but for their key.
WITH raw AS (FROM read_parquet($1, union_by_name = true)),

fingerprints AS (
    SELECT _load_id, _file, same: hash(_row_hash), alike: hash($content), other_key: hash($keys) FROM raw
),

mine AS (SELECT DISTINCT same, alike, other_key FROM fingerprints WHERE _load_id = $2)

SELECT
    _file,
    count(DISTINCT same) FILTER (same IN (SELECT same FROM mine)),
    count(DISTINCT alike) FILTER (
        alike IN (SELECT alike FROM mine) AND other_key NOT IN (SELECT other_key FROM mine)
    )
FROM fingerprints
WHERE _load_id <> $2
GROUP BY _file
ORDER BY _file
