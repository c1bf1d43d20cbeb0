-- What the exports say of a ticket: the one of its own month, and a re-export where more became known later.
create view ticket_version as
with exported as (
    select
        *,
        updated_s >= first_export_s as is_late,
        case when fate = 'mistyped year' then day_s else created_s end as filed_s,
        row_no % {c.repeat_export_modulus} = 1 and not is_corrected
            and updated_s < first_export_s as is_repeated
    from ticket
),
-- What the export of the ticket's own month said: nothing that came later, nor a later correction.
first_seen as (
    select * replace (
        case when is_corrected then '待分类' else category end as category,
        case when reply_s < first_export_s then first_responder_id end as first_responder_id,
        case when solved_s < first_export_s then solver_id end as solver_id,
        case when reply_s < first_export_s then reply_s end as reply_s,
        case when solved_s < first_export_s then solved_s end as solved_s,
        case when closed_s < first_export_s then closed_s end as closed_s,
        case when escalated_s < first_export_s then escalated_s end as escalated_s,
        case when reopened_s < first_export_s then reopen_count else 0 end as reopen_count,
        case when solved_s < first_export_s then is_recovered end as is_recovered,
        case when solved_s < first_export_s then is_on_time end as is_on_time,
        case
            when not is_late or status in ('deleted', 'void') or is_spam then status
            when closed_s < first_export_s then 'closed'
            when solved_s < first_export_s then case when reopened_s < first_export_s then 'open'
                else 'solved' end
            when reply_s < first_export_s then 'open'
            else 'new'
        end as status,
        case when is_late then first_export_s - 1 - row_no % 1800
            when is_corrected then touched_s else updated_s end as updated_s
    )
    from exported
)
select *, '_' || month_of(filed_s) as file_part from first_seen
union all
select *, '_reexport_' || month_of(greatest(updated_s, filed_s)) from exported
where is_late or is_corrected or is_repeated;
