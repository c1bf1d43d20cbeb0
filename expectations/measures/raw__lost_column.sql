-- Grain: one column of one kind of export file: whether the newest file lacks it although most before it had it.

with

-- The same kind of file: a table may come through several entries of a profile.
taken as (
    select
        *,
        row_number() over (partition by table_name, profile, entry_no order by load_seq desc) as newest_no
    from audit.load_file
    where status = 'loaded' and row_count > 0
),

kind as (
    select
        table_name,
        profile,
        entry_no,
        max(file) filter (where newest_no = 1) as newest_file,
        count_if(newest_no > 1) as earlier_count
    from taken
    where newest_no <= {recent_loads} + 1
    group by table_name, profile, entry_no
),

missing as (
    select
        table_name,
        profile,
        entry_no,
        newest_no,
        load_seq,
        unnest(string_split(missing_columns, ', ')) as column_name
    from taken
    where newest_no <= {recent_loads} + 1
),

lacked as (
    select
        kind.table_name,
        kind.newest_file,
        kind.earlier_count,
        missing.column_name,
        kind.profile,
        kind.entry_no,
        count_if(missing.newest_no > 1) as earlier_lacking_count
    from kind
    inner join missing
        on
            kind.table_name = missing.table_name
            and kind.profile = missing.profile
            and kind.entry_no = missing.entry_no
    where missing.column_name <> ''
    group by
        kind.table_name, kind.newest_file, kind.earlier_count, missing.column_name, kind.profile, kind.entry_no
    having bool_or(missing.newest_no = 1)
),

-- Since the first load after the last one that still had it.
since as (
    select
        lacked.table_name,
        lacked.profile,
        lacked.entry_no,
        lacked.column_name,
        min_by(taken.file, taken.load_seq) as first_file,
        min(taken.load_seq) as first_load_seq
    from lacked
    inner join taken
        on
            lacked.table_name = taken.table_name
            and lacked.profile = taken.profile
            and lacked.entry_no = taken.entry_no
    where
        taken.load_seq > coalesce(
            (
                select max(had.load_seq)
                from taken as had
                where
                    had.table_name = lacked.table_name
                    and had.profile = lacked.profile
                    and had.entry_no = lacked.entry_no
                    and not list_contains(string_split(coalesce(had.missing_columns, ''), ', '), lacked.column_name)
            ), 0
        )
    group by lacked.table_name, lacked.profile, lacked.entry_no, lacked.column_name
),

-- A column that was empty whenever it came is no loss; one that no plan in use reads costs nobody anything.
lost as (
    select
        lacked.table_name,
        lacked.profile,
        lacked.entry_no,
        lacked.column_name || ' of ' || lacked.table_name || ', not in ' || lacked.newest_file
        || ' (since ' || since.first_file || ', load ' || since.first_load_seq || ')' as subject,
        need.column_name is not null
        or list_contains([{columns_of_every_plan}], lacked.table_name || '.' || lacked.column_name) as is_read
    from lacked
    inner join since
        on
            lacked.table_name = since.table_name
            and lacked.profile = since.profile
            and lacked.entry_no = since.entry_no
            and lacked.column_name = since.column_name
    inner join facts.fct_export_column as export_column
        on
            lacked.table_name = export_column.table_name
            and lacked.column_name = export_column.column_name
            and export_column.has_values
    left join (
        select distinct
            table_name,
            column_name
        from facts.fct_plan_need
    ) as need
        on
            lacked.table_name = need.table_name
            and lacked.column_name = need.column_name
    where lacked.earlier_lacking_count * 2 < lacked.earlier_count
)

-- Where nothing is lost the kind of file is the subject, once there are enough loads to tell.
select
    coalesce(lost.subject, kind.table_name) as subject,
    case when kind.earlier_count >= {min_loads} then cast(coalesce(lost.is_read, false) as integer) end as is_lost,
    case
        when kind.earlier_count >= {min_loads} then cast(coalesce(not lost.is_read, false) as integer)
    end as is_lost_unread
from kind
left join lost
    on
        kind.table_name = lost.table_name
        and kind.profile = lost.profile
        and kind.entry_no = lost.entry_no
