-- Keys that files which came together have with different content, where nothing but load order says which counts: how many, the first of them, the file that counts
-- for it and another.
WITH raw AS (FROM read_parquet($1, union_by_name = true) WHERE $is_by_load),

-- Most files have none: numbers instead of texts tell that quickly.
twice AS (SELECT h: hash($keys) FROM raw GROUP BY h HAVING count(DISTINCT _load_id) > 1),

suspects AS (
    SELECT *, content: hash($content), key: concat_ws(' ', $shown)
    FROM raw
    WHERE hash($keys) IN (SELECT h FROM twice)
    QUALIFY row_number() OVER (PARTITION BY _load_id, $keys ORDER BY _row_number DESC) = 1
),

differing AS (
    SELECT
        key,
        counts: arg_max(_file, _load_seq),
        other: arg_max(_file, _load_seq) FILTER (content <> newest)
    FROM (SELECT *, newest: first_value(content) OVER (PARTITION BY $keys ORDER BY _load_seq DESC) FROM suspects)
    GROUP BY $keys, key
    HAVING count(DISTINCT content) > 1
)

SELECT count(*), min(key), arg_min(counts, key), arg_min(other, key) FROM differing
