-- What becomes of a text, NULL where it does not fit: nothing is rounded and nothing guessed.

CREATE OR REPLACE MACRO whole_number(txt) AS
    CASE WHEN regexp_full_match(txt, '[+-]?\d{1,18}(\.0*)?') THEN try_cast(split_part(txt, '.', 1) AS BIGINT) END;

CREATE OR REPLACE MACRO decimal_number(txt) AS
    CASE
        WHEN regexp_full_match(txt, '[+-]?(\d{1,12}(\.\d{0,6}0*)?|\.\d{1,6}0*)') THEN try_cast(txt AS DECIMAL(18, 6))
    END;

-- A month, a quarter or a year, as periods are named. A rating for 2026-9, or for the date that a spreadsheet makes
-- of 2026-09, would be one for a period that never comes.
CREATE OR REPLACE MACRO period(txt) AS
    CASE WHEN regexp_full_match(txt, '(19|20|21)\d\d(-(0[1-9]|1[0-2]|Q[1-4]))?') THEN txt END;

-- A number that is known to be written with a given decimal sign, without anything else that it is written with:
-- minus in front, behind or as brackets.
CREATE OR REPLACE MACRO plain_number(txt, point) AS
    CASE WHEN regexp_matches(txt, '[(\x{2212}-]') THEN '-' ELSE '' END
    || replace(regexp_replace(txt, '[^0-9' || point || ']', '', 'g'), point, '.');

-- A plain number of percents as the number that it is: exact, or NULL.
CREATE OR REPLACE MACRO percent_number(txt) AS
    CASE
        WHEN regexp_full_match(txt, '-?(\d{1,14}(\.\d{0,4}0*)?|\.\d{1,4}0*)')
            THEN try_cast(try_cast(txt AS DECIMAL(18, 4)) * CAST(0.01 AS DECIMAL(2, 2)) AS DECIMAL(18, 6))
    END;

-- Seconds since midnight of a time of day that is known to be one: 9:05, 09:05:30.25.
CREATE OR REPLACE MACRO clock(txt) AS
    CAST(split_part(txt, ':', 1) AS DECIMAL(10, 6)) * 3600
    + CAST(split_part(txt, ':', 2) AS DECIMAL(10, 6)) * 60
    + coalesce(try_cast(split_part(txt, ':', 3) AS DECIMAL(10, 6)), 0);

-- A key without the blanks that stand around it by accident: space, tab, no-break space and the Chinese
-- one. Looking for them costs a tenth of cutting them off.
CREATE OR REPLACE MACRO key_text(txt) AS
    CASE
        WHEN
            txt < '!' OR prefix(txt, chr(160)) OR prefix(txt, chr(12288))
            OR suffix(txt, ' ') OR suffix(txt, chr(9)) OR suffix(txt, chr(160)) OR suffix(txt, chr(12288))
            THEN trim(txt, ' ' || chr(9) || chr(160) || chr(12288))
        ELSE txt
    END;

-- Times
--
-- DuckDB's cast of a text to TIMESTAMPTZ keeps a zone's name that it met in one row for the rows after it, up
-- to 2,048 of them, and reads BST as Bangladesh's time. So no name ever reaches that cast: its cast to
-- TIMESTAMP, which knows none but UTC, decides which texts may, and what stands behind a time is looked up in
-- the profile's zones (docs/decisions/0033-zones-behind-a-time.md).

-- `UTC` behind a time is the one name that the cast to TIMESTAMP lets through.
CREATE OR REPLACE MACRO ends_in_c(txt) AS suffix(txt, 'C') OR suffix(txt, 'c');

CREATE OR REPLACE MACRO has_offset(txt) AS
    contains(txt, '+') OR contains(substr(txt, 11), '-') OR contains(txt, 'Z');

-- DuckDB reads up to 99:99; no place is further from UTC than -12:00 and +14:00.
CREATE OR REPLACE MACRO has_no_such_offset(txt) AS
    regexp_matches(
        txt,
        '(\+(1[5-9]|[2-9]\d|14:?(0[1-9]|[1-9]\d))|-(1[3-9]|[2-9]\d|12:?(0[1-9]|[1-9]\d))|[+\-]\d\d:?[6-9]\d)[\d:]*$'
    );

CREATE OR REPLACE MACRO without_name(txt) AS
    CASE WHEN try_cast(txt AS TIMESTAMP) IS NOT NULL AND NOT has_no_such_offset(txt) THEN txt END;

-- The way over microseconds is several times faster than timezone('UTC', …).
CREATE OR REPLACE MACRO utc(instant) AS make_timestamp(epoch_us(instant));

CREATE OR REPLACE MACRO iso_utc(txt) AS
    CASE
        WHEN ends_in_c(txt) THEN NULL
        WHEN has_offset(txt) THEN utc(try_cast(without_name(txt) AS TIMESTAMPTZ))
        ELSE utc(CAST(try_cast(txt AS TIMESTAMP) AS TIMESTAMPTZ))
    END;

CREATE OR REPLACE MACRO format_utc(txt, pattern) AS utc(CAST(try_strptime(txt, pattern) AS TIMESTAMPTZ));

CREATE OR REPLACE MACRO offset_format_utc(txt, pattern) AS
    CASE WHEN NOT has_no_such_offset(txt) THEN format_utc(txt, pattern) END;

CREATE OR REPLACE MACRO unix_seconds_utc(txt) AS
    make_timestamp(try_cast(regexp_extract(txt, '^\d{1,11}$') AS BIGINT) * 1000000);

CREATE OR REPLACE MACRO unix_milliseconds_utc(txt) AS
    make_timestamp(try_cast(regexp_extract(txt, '^\d{1,14}$') AS BIGINT) * 1000);

-- The zone's name at the end of a time, '' where there is none, and the time before it: CST, (CST), EST5EDT,
-- Asia/Shanghai, UTC+8.
CREATE OR REPLACE MACRO zone_name(txt) AS
    regexp_extract(txt, '\s*\(?([A-Za-z][A-Za-z_]*(?:\d[A-Za-z]+)?(?:/[A-Za-z0-9_+\-]+)*(?:[+\-]\d+)?)\)?$', 1);
CREATE OR REPLACE MACRO before_zone(txt) AS
    regexp_replace(txt, '\s*\(?([A-Za-z][A-Za-z_]*(?:\d[A-Za-z]+)?(?:/[A-Za-z0-9_+\-]+)*(?:[+\-]\d+)?)\)?$', '');

CREATE OR REPLACE MACRO iso_wall(txt) AS CASE WHEN NOT has_offset(txt) THEN try_cast(txt AS TIMESTAMP) END;

CREATE OR REPLACE MACRO short_date(txt, otherwise) AS
    CASE
        WHEN length(txt) > 10 THEN otherwise
        WHEN left(txt, 1) BETWEEN '0' AND '9' THEN try_cast(txt AS DATE)
    END;

-- A date and a time from two columns: without a time it is empty, as a call's that nobody answered. A date
-- that has a clock time in it needs none; a time without a date stays, and is no time.
CREATE OR REPLACE MACRO date_and_time(both_parts, day_part, clock_part) AS
    CASE
        WHEN day_part IS NOT NULL AND clock_part IS NULL AND NOT contains(day_part, ':') THEN NULL
        ELSE both_parts
    END;

-- A profile's cast to a time with a zone, as it is meant: it fails on a zone's name and on an offset of no place.
CREATE OR REPLACE MACRO zoned(txt) AS
    CASE
        WHEN ends_in_c(txt) THEN timezone('UTC', CAST(txt AS TIMESTAMP))
        WHEN has_offset(txt)
            THEN CAST(
                CASE
                    WHEN has_no_such_offset(txt) THEN 'offset of no place: ' || txt
                    WHEN CAST(txt AS TIMESTAMP) IS NOT NULL THEN txt
                END AS TIMESTAMPTZ
            )
        ELSE CAST(CAST(txt AS TIMESTAMP) AS TIMESTAMPTZ)
    END;
CREATE OR REPLACE MACRO try_zoned(txt) AS
    CASE
        WHEN ends_in_c(txt) THEN timezone('UTC', try_cast(txt AS TIMESTAMP))
        WHEN has_offset(txt) THEN try_cast(without_name(txt) AS TIMESTAMPTZ)
        ELSE CAST(try_cast(txt AS TIMESTAMP) AS TIMESTAMPTZ)
    END;

-- Personal data

-- 24 hex digits, blanks around the text ignored. A key in front of the text is enough: more than half of the
-- hash is cut off, so it cannot be extended.
CREATE OR REPLACE MACRO pseudonym(txt) AS left(sha256(getvariable('pseudonym_key') || trim(txt)), 24);

-- Mail addresses, phone and identity numbers masked, wherever they stand; the same as personal.scrubbed.
CREATE OR REPLACE MACRO scrubbed(txt) AS
    regexp_replace(regexp_replace(txt, '$mail', '$mask', 'g'), '$phone', '$mask', 'g');

-- A line that is no JSON object, with all that may be a value masked.
CREATE OR REPLACE MACRO masked_line(txt) AS
    scrubbed(regexp_replace(txt, '(:\s*)("(\\.|[^"\\])*"?|[^\s,\[\]{}]+)', '\1$mask', 'g'));

-- Words for people

CREATE OR REPLACE MACRO shown(txt) AS '''' || left(scrubbed(txt), 80) || '''';

CREATE OR REPLACE MACRO ambiguous(shown_value, zone) AS
    shown_value || ': ''' || zone || ''' is ambiguous; export an offset, or map it in the profile (zones: {'
    || zone || ': …})';

-- Questions about rows of raw, whose times are UTC

CREATE OR REPLACE MACRO local_date(instant, zone) AS CAST(timezone(zone, timezone('UTC', instant)) AS DATE);
CREATE OR REPLACE MACRO local_hour(instant, zone) AS hour(timezone(zone, timezone('UTC', instant)));
