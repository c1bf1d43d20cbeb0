-- Rows with the group that they are of and where they stand in it: times of day, numbers and moments are ordered
-- as what they are.
SELECT * EXCLUDE (__value, __clock, __number, __moment) REPLACE (coalesce(__bad, $fault) AS __bad)
FROM (
    SELECT
        *,
        __order_at: coalesce(
            CAST(__clock AS DECIMAL(24, 6)), CAST(__number AS DECIMAL(24, 6)), CAST(__moment AS DECIMAL(24, 6))
        ),
        __order_kind: CASE
            WHEN __clock IS NOT NULL THEN 'clock'
            WHEN __number IS NOT NULL THEN 'number'
            WHEN __moment IS NOT NULL THEN 'moment'
        END
    FROM (
        SELECT *, __clock: $clock, __number: $number, __moment: $moment
        FROM (SELECT *, __group_key: concat_ws(chr(31), $by), __value: $value FROM ($rows))
    )
)
