SELECT __row, __bad, __raw: line, $fields
FROM (
    SELECT
        __row: __ordinals.row,
        line,
        __bad: CASE WHEN coalesce(json_type(try_cast(line AS JSON)) <> 'OBJECT', true) THEN $no_object END,
        __v: CASE WHEN json_valid(line) THEN json_extract_string(line, [$pointers]) END
    FROM $lines
    POSITIONAL JOIN __ordinals
)
