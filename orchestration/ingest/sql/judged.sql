-- Rows of a segment with what is wrong with them: __kind is empty for one that is accepted.
SELECT
    *,
    __reason: CASE __kind WHEN 'fault' THEN $reason WHEN 'excluded' THEN $excluded END,
    __column: CASE __kind WHEN 'fault' THEN $fault_column END,
    __text: CASE __kind WHEN 'fault' THEN $raw_text END
FROM (
    SELECT
        *,
        __kind: CASE
            WHEN NOT __keep AND NOT __fw THEN 'excluded'
            WHEN coalesce($is_fault, false) THEN 'fault'
        END
    FROM ($rows) AS converted
) AS judged
