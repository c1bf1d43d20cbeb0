-- One file with damaged rows, evenly spread, each right after the good row that it copies.
--
-- Fields are cut at commas: no generated value holds a comma, a quote or a line break, and the query stops
-- with an error if one ever does.
copy (
    with line as (
        select line, row_number() over () - 1 as line_no
        from read_csv({source}, columns = {{'line': 'VARCHAR'}}, delim = e'\x01',
            quote = '', escape = '', header = false, auto_detect = false)
    ),
    damage as (
        -- Good rows are lines 1 ... rows; damaged row n copies the n-th of evenly spaced ones.
        select n + {first} as damage_no,
            1 + (n * 2 + 1) * {rows} // (2 * {count}) as line_no
        from range({count}) as r (n)
    ),
    copied as (
        select
            damage_no,
            line_no,
            line,
            case when len(string_split(line, ',')) = {columns} and not contains(line, '"')
                then string_split(line, ',')
                else error('a generated value holds a comma or a quote: ' || line) end as fields
        from damage
        join line using (line_no)
    ),
    woven as (
        select line_no, -1 as damage_no, line from line
        union all
        select
            line_no,
            damage_no,
            case damage_no % {kinds}
                {replaced}
                else case (damage_no // {kinds}) % 3
                    when 0 then array_to_string(list_prepend('', fields), ',')
                    when 1 then array_to_string(fields[: len(fields) - 1], ',')
                    else line || ',' end
            end
        from copied
    )
    select line from woven order by line_no, damage_no
) to {target} (format csv, header false, delimiter e'\x01', quote '', escape '')
