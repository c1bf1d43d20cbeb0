-- Rows of a load ($2) whose key has another content in the newest of some later loads ($3), with the first of them.
WITH raw AS (FROM read_parquet($1, union_by_name = true)),

versions AS (
    SELECT $keys, _load_id, _load_seq, _file, _row_number, content: hash($content), key: concat_ws(' ', $shown)
    FROM raw
    WHERE $is_by_load AND (_load_id = $2 OR list_contains($3, _load_id))
),

mine AS (FROM versions WHERE _load_id = $2 QUALIFY row_number() OVER (PARTITION BY $keys ORDER BY _row_number DESC) = 1),

later AS (
    FROM versions
    WHERE _load_id <> $2
    QUALIFY row_number() OVER (PARTITION BY $keys ORDER BY _load_seq DESC, _file DESC, _row_number DESC) = 1
)

SELECT count(*), min(mine.key), arg_min(later._file, mine.key)
FROM mine
INNER JOIN later USING ($keys)
WHERE mine.content <> later.content
