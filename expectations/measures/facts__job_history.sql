-- Grain: one kind of job-history row that makes no sense: how many there are, and the line of an export that has one.

with

kind (fault, fault_no) as (
    values
    ('left before being hired', 1),
    ('begins after its own leaving date', 2),
    ('hired after the business date, in service before', 3)
),

odd_row as (
    select 1 as fault_no, load_id, source_row_number from facts.fct_job_row where has_left_before_hired
    union all
    select 2 as fault_no, load_id, source_row_number from facts.fct_job_row where has_start_after_leaving
    union all
    select 3 as fault_no, load_id, source_row_number from facts.fct_job_row where has_hire_after_start
),

placed as (
    select
        odd_row.fault_no,
        load_file.file || ' row ' || odd_row.source_row_number as place,
        row_number() over (
            partition by odd_row.fault_no order by load_file.file, odd_row.source_row_number
        ) as place_no
    from odd_row
    left join audit.load_file as load_file
        on odd_row.load_id = load_file.load_id and load_file.status = 'loaded'
)

select
    kind.fault || coalesce(' (' || max(placed.place) filter (where placed.place_no = 1) || ')', '') as subject,
    case when (select count(*) from facts.fct_job_row) > 0 then count(placed.fault_no) end as odd_row_count
from kind
left join placed
    on kind.fault_no = placed.fault_no
group by kind.fault
