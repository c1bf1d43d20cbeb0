-- Keys that several rows of one file have with different content: by load how many, and the first of them.
WITH raw AS (FROM read_parquet($1, union_by_name = true)),

-- Most files have none: numbers instead of texts tell that quickly.
twice AS (SELECT _load_id, h: hash($keys) FROM raw GROUP BY ALL HAVING count(*) > 1),

suspects AS (
    SELECT raw.*, content: hash($content)
    FROM raw
    SEMI JOIN twice ON raw._load_id = twice._load_id AND hash($keys) = twice.h
),

differing AS (
    SELECT _load_id, key: concat_ws(' ', $shown), numbers: list(_row_number ORDER BY _row_number)
    FROM suspects
    GROUP BY _load_id, $keys
    HAVING count(DISTINCT content) > 1
)

SELECT _load_id, count(*), arg_min(key, numbers), min(numbers) FROM differing GROUP BY _load_id ORDER BY _load_id
