-- Grain: one table of the export contract: its newest load against the loads before, and what its last loads lost.

with

load_file as (
    select
        *,
        row_number() over (partition by table_name order by load_seq desc) as newest_no
    from audit.load_file
),

-- The same kind of file: a table may come through several entries of a profile.
taken as (
    select
        *,
        row_number() over (partition by table_name, profile, entry_no order by load_seq desc) as newest_of_kind_no
    from load_file
    where status = 'loaded'
),

unknown as (
    select
        table_name,
        profile,
        entry_no,
        unnest(string_split(unknown_columns, ', ')) as column_name,
        newest_of_kind_no = 1 as is_newest
    from taken
    where newest_of_kind_no <= {recent_loads} + 1
),

kind as (
    select
        table_name,
        profile,
        entry_no,
        count_if(newest_of_kind_no > 1) as earlier_count,
        max(encoding || ' ' || delimiter || ' ' || file_format) filter (where newest_of_kind_no = 1) as newest_form,
        mode(encoding || ' ' || delimiter || ' ' || file_format) filter (where newest_of_kind_no > 1) as usual_form
    from taken
    where newest_of_kind_no <= {recent_loads} + 1
    group by table_name, profile, entry_no
),

new_column as (
    select
        kind.table_name,
        unknown.column_name
    from kind
    inner join unknown
        on
            kind.table_name = unknown.table_name
            and kind.profile = unknown.profile
            and kind.entry_no = unknown.entry_no
    where kind.earlier_count >= {min_loads}
    group by kind.table_name, kind.profile, kind.entry_no, unknown.column_name
    having bool_or(unknown.is_newest) and not bool_or(not unknown.is_newest)
),

gained as (
    select table_name, count(*) as column_count from new_column group by table_name
),

changed as (
    select
        table_name,
        max(earlier_count) >= {min_loads} as is_compared,
        count_if(earlier_count >= {min_loads} and newest_form is distinct from usual_form) as form_count
    from kind
    group by table_name
),

rejected as (
    select
        row.table_name,
        count(distinct (row.load_id, row.row_number)) as row_count
    from audit.rejected_row as row
    inner join load_file
        on
            row.load_id = load_file.load_id
            and load_file.newest_no <= {recent_loads}
    where row.kind = 'fault'
    group by row.table_name
)

select
    load_file.table_name as subject,
    case
        when sum(load_file.row_count) filter (where load_file.status = 'loaded') >= {min_recent_rows}
            then coalesce(any_value(rejected.row_count), 0) / sum(load_file.row_count)
    end as rejected_share,
    count_if(load_file.status = 'rejected') as unreadable_file_count,
    case when any_value(changed.is_compared) then coalesce(any_value(gained.column_count), 0) end as new_column_count,
    case when any_value(changed.is_compared) then any_value(changed.form_count) end as changed_form_count,
    sum(load_file.conflicting_key_count) as conflicting_key_count
from load_file
left join rejected
    on load_file.table_name = rejected.table_name
left join gained
    on load_file.table_name = gained.table_name
left join changed
    on load_file.table_name = changed.table_name
where load_file.newest_no <= {recent_loads}
group by load_file.table_name
