create table calendar_month as
select
    m::integer as month_no,
    (getvariable('first_day') + to_months(m::integer))::date as month_first,
    strftime(month_first, '%Y-%m') as month_id,
    day(last_day(month_first)) as month_days,
    seconds_of((month_first + interval 1 month)::date) as month_end_s,
    year(month_first) || '-Q' || quarter(month_first) as quarter_id,
    month(month_first) % 3 = 0 as is_quarter_end
from range(getvariable('months')) as r (m);

-- One local day; first_row ... first_row + row_count - 1 are its tickets.
create table calendar_day as
with dated as (
    select (getvariable('first_day') + d::integer)::date as day, d as day_no
    from range(getvariable('days')) as r (d)
),
weighed as (
    select
        d.*,
        m.month_no,
        m.month_id,
        m.month_first,
        m.month_days,
        {c.month_weights}[month(d.day)] * {c.weekday_weights}[isodow(d.day)]
            * (90 + pick(key('day', d.day_no), 'load', 21)) as weight
    from dated as d
    join calendar_month as m on m.month_first = date_trunc('month', d.day)
),
summed as (
    select
        *,
        (sum(weight) over (order by day_no))::bigint as weight_to,
        (sum(weight) over ())::bigint as weight_all
    from weighed
)
select
    day_no,
    day,
    seconds_of(day) as day_s,
    month_no,
    month_id,
    month_first,
    month_days,
    ((weight_to - weight)::hugeint * getvariable('tickets') // weight_all)::bigint as first_row,
    (weight_to::hugeint * getvariable('tickets') // weight_all)::bigint - first_row as row_count
from summed;
