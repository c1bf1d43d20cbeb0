-- One row a key of the looked-up rows: what is taken, and the rows of a key that has different values.
SELECT
    $keys,
    $firsts,
    __twice: CASE
        WHEN count(DISTINCT concat_ws(chr(31), $texts)) > 1
            THEN first(__file || ' row ' || __row ORDER BY __file, __row)
            || ' and ' || last(__file || ' row ' || __row ORDER BY __file, __row)
    END
FROM looked_up
WHERE $given
GROUP BY $keys
ORDER BY $keys
