-- One ticket as it ends up at the end of the history.
create table ticket as
with fated as (
    select
        *,
        ['chat', 'chat', 'phone', 'phone', 'web', 'email'][1 + pick(k, 'channel', 6)] as channel,
        pick(k, 'priority', 20) as priority_draw,
        case
            when is_odd(row_no, {c.odd_ticket_solved_early}) or is_odd(row_no, {c.odd_ticket_replied_early})
                or is_odd(row_no, {c.odd_ticket_unknown_agent}) then 'plain'
            when is_odd(row_no, {c.odd_ticket_future}) then 'mistyped year'
            when first_agent is null or u(k, 'fate') < {c.unassigned_share} then 'unassigned'
            when u(k, 'fate') < {c.unassigned_share} + {c.spam_share} then 'spam'
            when u(k, 'fate') < {c.unassigned_share} + {c.spam_share} + {c.merged_share}
                and row_no > 0 then 'merged'
            when u(k, 'fate2') < {c.deleted_share} then 'deleted'
            when u(k, 'fate2') < {c.deleted_share} + {c.void_share} then 'void'
            when u(k, 'fate2') < {c.deleted_share} + {c.void_share} + {c.unsolved_share}
                then 'unsolved'
            when u(k, 'fate2') < {c.deleted_share} + {c.void_share} + {c.unsolved_share}
                + {c.closed_unsolved_share}
                then 'closed unsolved'
            when u(k, 'reopened') < ({c.reopened_share} + {c.reopened_per_skill} * skill)
                * {c.reopened_open_share}
                then 'reopened, open'
            when u(k, 'reopened') < {c.reopened_share} + {c.reopened_per_skill} * skill
                then 'reopened, solved'
            else 'plain'
        end as planned_fate,
        -- Handed on: A to B, or A to B and back to A.
        case when u(k, 'transfer') < {c.transferred_share} then 'handed on'
            when u(k, 'transfer') < {c.transferred_share} + {c.returned_share} then 'handed back'
            else 'kept' end as transfer
    from ticket_cast
),
timed as (
    select
        *,
        case when priority_draw = 0 then 'urgent' when priority_draw < 4 then 'high'
            when priority_draw < 17 then 'normal' else 'low' end as priority,
        case when priority_draw = 0 then 0.6 when priority_draw < 4 then 0.8
            when priority_draw < 17 then 1.0 else 1.5 end as patience,
        case when planned_fate not in ('unassigned', 'mistyped year')
            and u(k, 'no reply') >= {c.no_reply_share} then created_s + greatest(5, floor(
            case when type_no = 3 then {c.complaint_reply_seconds} else {c.reply_seconds} end
            * (0.25 + 1.3 * squared(u(k, 'reply')) + 4 * twelfth(u(k, 'reply')))
            * (1 - {c.speed_per_skill} * skill) * (1 + 0.6 * shift_no))::bigint) end as reply_raw,
        greatest(120, floor({c.handle_hours}[1 + type_no] * 3600 * patience
            * (0.25 + 1.1 * squared(u(k, 'handle')) + 4 * tenth(u(k, 'handle')))
            * (1 - {c.speed_per_skill} * skill))::bigint) as handle_seconds,
        86400 + pick(k, 'reopen', 19 * 86400) as reopen_after,
        1800 + pick(k, 'solve again', 30 * 3600) as again_seconds
    from fated
),
solved as (
    select
        *,
        coalesce(reply_raw, created_s) + handle_seconds as first_solved,
        coalesce(reply_raw, created_s) + handle_seconds + reopen_after as reopened_raw,
        coalesce(reply_raw, created_s) + handle_seconds + reopen_after
            + again_seconds as again_solved
    from timed
),
settled as (
    select
        *,
        case
            when planned_fate = 'plain' and first_solved >= getvariable('end_s') then 'unsolved'
            when planned_fate in ('reopened, open', 'reopened, solved')
                and first_solved >= getvariable('end_s')
                then 'unsolved'
            when planned_fate in ('reopened, open', 'reopened, solved')
                and reopened_raw >= getvariable('end_s')
                then 'plain'
            when planned_fate = 'reopened, solved' and again_solved >= getvariable('end_s')
                then 'reopened, open'
            else planned_fate
        end as fate
    from solved
),
lived as (
    select
        *,
        case when fate in ('reopened, open', 'reopened, solved')
            then reopened_raw end as reopened_s,
        case fate
            when 'reopened, solved' then again_solved
            when 'reopened, open' then first_solved
            when 'plain' then case when is_odd(row_no, {c.odd_ticket_solved_early})
                then created_s - 3600 else first_solved end
        end as solved_s,
        case when is_odd(row_no, {c.odd_ticket_replied_early}) then created_s - 600
            when reply_raw < getvariable('end_s') then reply_raw end as reply_s
    from settled
),
closed as (
    select
        *,
        case
            when fate in ('plain', 'reopened, solved') and u(k, 'closes') < 0.85
                and solved_s + 86400 + pick(k, 'close', 2 * 86400) < getvariable('end_s')
                then greatest(solved_s, created_s) + 86400 + pick(k, 'close', 2 * 86400)
            when fate in ('spam', 'merged', 'closed unsolved')
                and created_s + 600 + pick(k, 'close', 2 * 86400) < getvariable('end_s')
                then created_s + 600 + pick(k, 'close', 2 * 86400)
        end as closed_s,
        case when type_no = 3
                and u(k, 'escalated') < {c.escalated_share} + {c.escalated_per_skill} * skill
                and created_s + 3600 + pick(k, 'escalate', 36000) < getvariable('end_s')
                and fate not in ('unassigned', 'mistyped year')
            then created_s + 3600 + pick(k, 'escalate', 36000) end as escalated_s
    from lived
)
select
    c.row_no,
    c.k,
    c.day_no,
    c.day_s,
    c.shift_no,
    c.skill,
    c.is_vip,
    c.fate,
    c.type_no,
    c.category_no,
    c.customer_no,
    c.first_agent,
    c.second_agent,
    code('T', c.row_no, 9) as ticket_id,
    c.created_s + case when c.fate = 'mistyped year' then {c.twenty_years_seconds} else 0 end as created_s,
    code('C', c.customer_no, 9) as customer_id,
    [['商品咨询', '价格活动', '物流咨询'], ['安装保修', '发票', '物流异常'],
        ['登录故障', '功能使用', '支付故障'], ['服务态度', '商品质量', '虚假宣传'],
        ['七天无理由', '质量退货', '换货']]
        [1 + c.type_no][1 + c.category_no] as category,
    ['inquiry', 'after_sales', 'technical', 'complaint', 'return'][1 + c.type_no] as ticket_type,
    c.channel,
    c.priority,
    case when c.fate = 'unassigned' then null
        when c.channel in ('phone', 'chat') or u(c.k, 'recorded') < 0.2
            then c.first_agent end as created_by,
    case when c.reply_s is null then null
        when c.transfer = 'handed back' then c.second_agent
            else c.first_agent end as first_responder_id,
    case when c.fate in ('unassigned', 'mistyped year') then null
        when is_odd(c.row_no, {c.odd_ticket_unknown_agent}) then 'A9999'
        when c.transfer = 'handed on' then c.second_agent else c.first_agent end as assignee_id,
    case when c.solved_s is null then null
        when is_odd(c.row_no, {c.odd_ticket_unknown_agent}) then 'A9999'
        when u(c.k, 'solver unknown') < 0.02 then null
        when c.transfer = 'handed on' then c.second_agent else c.first_agent end as solver_id,
    b.agent_id as about_agent_id,
    c.reply_s,
    c.solved_s,
    c.closed_s,
    case when u(c.k, 'no due') >= {c.no_due_share} and c.fate <> 'mistyped year'
        then c.created_s + floor({c.due_hours}[1 + c.type_no] * 3600 * c.patience)::bigint
    end as due_s,
    case when u(c.k, 'no due') < {c.no_due_share} and c.solved_s is not null
        then u(c.k, 'on time') < 0.9 end as is_on_time,
    case c.fate
        when 'unassigned' then 'new'
        when 'mistyped year' then 'new'
        when 'deleted' then 'deleted'
        when 'void' then 'void'
        when 'unsolved' then case when c.reply_s is null then 'new' when u(c.k, 'waits') < 0.4
            then 'pending' else 'open' end
        when 'reopened, open' then 'open'
        when 'plain' then case when c.closed_s is null then 'solved' else 'closed' end
        when 'reopened, solved' then case when c.closed_s is null then 'solved' else 'closed' end
        else case when c.closed_s is null then 'open' else 'closed' end
    end as status,
    case when c.reopened_s is null then 0
        else 1 + (u(c.k, 'twice') < 0.15)::integer end as reopen_count,
    c.reopened_s,
    c.escalated_s,
    c.fate = 'spam' as is_spam,
    case when c.fate = 'merged'
        then code('T', coalesce(c.parent_row, c.row_no - 1), 9) end as merged_into,
    case when c.type_no = 4
        then u(c.k, 'disputed') < {c.disputed_share} + {c.disputed_per_skill} * c.skill
    end as is_disputed,
    case when c.type_no = 3 and c.solved_s is not null
        then u(c.k, 'recovered') < {c.recovered_share} + {c.recovered_per_skill} * c.skill
    end as is_recovered,
    u(c.k, 'wrong record') < {c.wrong_record_share} as is_wrong_record,
    case when c.fate = 'mistyped year' then c.created_s else least(getvariable('end_s') - 1,
        greatest(c.created_s, coalesce(c.reply_s, 0), coalesce(c.solved_s, 0),
            coalesce(c.closed_s, 0), coalesce(c.escalated_s, 0), coalesce(c.reopened_s, 0))
            + pick(c.k, 'export lag', 1800)) end as touched_s,
    -- A correction after the event: the category was recorded wrongly at first.
    u(c.k, 'corrected') < {c.correction_share} and c.fate = 'plain'
        and touched_s + 2 * 86400 + pick(c.k, 'correct', 7 * 86400) < getvariable('end_s')
        as is_corrected,
    case when is_corrected then touched_s + 2 * 86400 + pick(c.k, 'correct', 7 * 86400)
        else touched_s end as updated_s,
    -- The monthly export that first carries the ticket is taken at the end of its month.
    d.month_no,
    m.month_end_s as first_export_s
from closed as c
join calendar_day as d using (day_no)
join calendar_month as m using (month_no)
left join (select distinct day_no, slots from blame) as s
    on s.day_no = c.day_no and c.type_no = 3 and u(c.k, 'about') < {c.about_agent_share}
left join blame as b on b.day_no = s.day_no and b.slot = pick(c.k, 'blamed', s.slots)
order by c.row_no;

drop table ticket_cast;
drop table ticket_seed;
drop table follow_up;
drop table pool;
