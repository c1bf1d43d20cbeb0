"""The service system: tickets, contacts, surveys, quality reviews and violations.

Times are whole local seconds; a time past the last day of the history has not happened yet and stays empty.
"""

from __future__ import annotations

import duckdb

from orchestration.generate.centre import CENTRE, TWENTY_YEARS_SECONDS, render

_TICKET_CAST = """
create table ticket_seed as
with numbered as (
    select day_no, day_s, unnest(range(first_row, first_row + row_count)) as row_no
    from calendar_day
),
keyed as (
    select *, key('ticket', row_no) as k from numbered
)
select
    row_no,
    k,
    day_no,
    day_s,
    {hours}[1 + pick(k, 'hour', {hour_count})] as hour,
    day_s + hour * 3600 + pick(k, 'second', 3600) as created_s,
    (case
        when u(k, 'type') < {c.inquiry_share} then 0
        when u(k, 'type') < {c.inquiry_share} + {c.after_sales_share} then 1
        when u(k, 'type') < {c.inquiry_share} + {c.after_sales_share} + {c.technical_share} then 2
        when u(k, 'type') < {c.inquiry_share} + {c.after_sales_share} + {c.technical_share}
            + {c.complaint_share} then 3
        else 4 end)::integer as type_no,
    pick(k, 'category', 3)::integer as category_no,
    floor(squared(u(k, 'customer')) * getvariable('customers'))::bigint as customer_no,
    (hour < 8 or hour >= 22)::integer as shift_no
from keyed
order by row_no;

-- Customers who come back with the same matter: less often after a good agent.
create table follow_up as
with candidate as (
    select row_no, k, day_no,
        row_no - 1 - pick(k, 'parent', getvariable('follow_window')) as parent_row
    from ticket_seed
    where u(k, 'follow up') < {c.follow_up_candidates}
),
parent as (
    select
        c.row_no,
        c.k,
        p.row_no as parent_row,
        p.type_no,
        p.category_no,
        p.customer_no,
        p.k as parent_k,
        p.day_no * 10 + p.type_no * 2 + p.shift_no as pool_no
    from candidate as c
    join ticket_seed as p on p.row_no = c.parent_row and p.day_no < c.day_no
)
select p.row_no, p.parent_row, p.type_no, p.category_no, p.customer_no
from parent as p
join pool_size as s using (pool_no)
join pool as a on a.pool_no = p.pool_no and a.slot = pick(p.parent_k, 'first agent', s.slots)
where u(p.k, 'comes back') < {c.follow_up_share} + {c.follow_up_per_skill} * a.skill;

-- One ticket with the agent who takes it and the one it may be handed to.
create table ticket_cast as
with known as (
    select
        t.row_no,
        t.k,
        t.day_no,
        t.day_s,
        t.created_s,
        t.shift_no,
        f.parent_row,
        coalesce(f.type_no, t.type_no) as type_no,
        coalesce(f.category_no, t.category_no) as category_no,
        coalesce(f.customer_no, t.customer_no) as customer_no,
        t.day_no * 10 + coalesce(f.type_no, t.type_no) * 2 + t.shift_no as pool_no
    from ticket_seed as t
    left join follow_up as f using (row_no)
),
sized as (
    select
        k.*,
        pick(k.k, 'first agent', s.slots)::integer as first_slot,
        pick(k.k, 'second agent', s.slots)::integer as second_slot
    from known as k
    left join pool_size as s using (pool_no)
)
select
    s.* exclude (pool_no, first_slot, second_slot),
    a.agent_id as first_agent,
    coalesce(a.skill, 0.0) as skill,
    coalesce(a.is_vip, false) as is_vip,
    b.agent_id as second_agent
from sized as s
left join pool as a on a.pool_no = s.pool_no and a.slot = s.first_slot
left join pool as b on b.pool_no = s.pool_no and b.slot = s.second_slot;
"""

_TICKET = """
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
    c.created_s + case when c.fate = 'mistyped year' then {twenty_years} else 0 end as created_s,
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
"""

_CONTACT = """
create table contact as
with opened as (
    select t.*, c.contact_no, xor(t.k, (c.contact_no * 7919)::ubigint) as ck
    from ticket as t
    cross join (values (1), (2), (3)) as c (contact_no)
    where t.fate <> 'mistyped year'
        and case c.contact_no
            when 1 then u(t.k, 'opening contact') < {c.opening_contact_share}
            when 2 then u(t.k, 'later contact') < {c.later_contact_share}
                and t.solved_s > t.created_s + 600
            else u(t.k, 'loose contact') < {c.loose_contact_share}
                or is_odd(t.row_no, {c.odd_contact_future}) end
),
placed as (
    select
        *,
        case contact_no
            when 1 then greatest(day_s, created_s - pick(ck, 'before', 300))
            when 2 then created_s + 300
                + floor(u(ck, 'between') * (solved_s - created_s - 300))::bigint
            else day_s + {hours}[1 + pick(ck, 'hour', {hour_count})] * 3600
                + pick(ck, 'second', 3600)
        end as started_s,
        case contact_no when 1 then coalesce(first_responder_id, first_agent)
            when 2 then coalesce(solver_id, assignee_id) else second_agent end as taken_by,
        case when is_vip and channel in ('chat', 'web') then 'vip_chat' when channel = 'web'
            then 'chat'
            -- What came by mail is mostly talked over in a chat: a mail back takes many times longer.
            when channel = 'email' and u(ck, 'mail') >= {c.mail_contact_share}
            then 'chat' else channel
            end as contact_channel,
        contact_no = 3 and u(ck, 'bot') < {c.bot_share} as is_bot,
        u(ck, 'invalid') < {c.invalid_share} or fate = 'spam' as is_invalid,
        contact_no = 3 and is_odd(row_no, {c.odd_contact_future}) as is_mistyped_year
    from opened
),
answered as (
    select
        *,
        started_s between getvariable('outage_s') and getvariable('outage_s') + {c.outage_hours}
            * 3600 - 1 as is_outage,
        not is_bot and not is_mistyped_year and taken_by is not null and u(ck, 'answered')
            < case when is_outage then {c.outage_answered_share}
                else {c.answered_share} + {c.answered_per_skill} * skill end as is_answered,
        floor(({c.response_seconds}[case contact_channel when 'phone' then 1 when 'email' then 2 else 3 end])
            * (0.3 + 1.2 * squared(u(ck, 'response')) + 4 * twelfth(u(ck, 'response')))
            * (1 - {c.speed_per_skill} * skill) * (1 + 0.4 * shift_no))::bigint
                + 1 as response_seconds,
        (case contact_channel when 'phone' then 210 when 'email' then 400 else 330 end
            * (0.3 + 1.4 * u(ck, 'talk')))::bigint as talk_seconds
    from placed
)
select
    row_no,
    contact_no,
    ck,
    row_no * 3 + contact_no as contact_row,
    skill,
    fate,
    shift_no,
    is_outage,
    code('K', row_no * 3 + contact_no, 10) as contact_id,
    contact_channel as channel,
    started_s + case when is_mistyped_year then {twenty_years} else 0 end as started_s,
    case when is_bot then null
        when not is_answered and u(ck, 'queue') < {c.queue_abandoned_share} then null
        when is_odd(row_no, {c.odd_contact_unknown_agent}) then 'A9999'
        else taken_by end as agent_id,
    case when contact_no = 3
        then code('C', pick(ck, 'customer', getvariable('customers')), 9)
        else customer_id end as customer_id,
    case when contact_no < 3 then ticket_id end as ticket_id,
    category,
    is_answered,
    case when is_odd(row_no, {c.odd_contact_responded_early}) and is_answered then started_s - 45
        when is_answered and started_s + response_seconds < getvariable('end_s')
        then started_s + response_seconds end as response_s,
    case when not is_mistyped_year and started_s + response_seconds
        + talk_seconds < getvariable('end_s')
        then started_s + response_seconds + case when is_answered then talk_seconds
            else 20 end end as ended_s,
    case when is_answered then talk_seconds end as talk_seconds,
    is_invalid,
    is_bot,
    least(getvariable('end_s') - 1,
        coalesce(ended_s, started_s + response_seconds) + pick(ck, 'export lag', 600)) as updated_s
from answered
where started_s < getvariable('end_s');
"""

_SURVEY = """
create table survey as
with asked as (
    select
        contact_row * 8 + n as survey_no,
        key('survey', contact_row * 8 + n) as k,
        skill,
        'csat' as kind,
        ended_s as asked_s,
        contact_id,
        case when u(ck, 'survey ticket') < 0.6 then ticket_id end as ticket_id,
        case when u(ck, 'survey agent') < 0.5 then agent_id end as agent_id,
        customer_id,
        contact_row
    from contact
    cross join (values (0), (1)) as r (n)
    where is_answered and agent_id is not null and ended_s is not null
        and started_s < getvariable('end_s')
        and u(ck, 'survey') < case n when 0 then {c.survey_share}
            else {c.survey_share} * {c.second_survey_share} end
    union all
    select
        row_no * 24 + 6 + n,
        key('survey', row_no * 24 + 6 + n),
        skill,
        case n when 0 then 'nps' else 'csat' end,
        solved_s,
        null,
        ticket_id,
        null,
        customer_id,
        row_no
    from ticket
    cross join (values (0), (1)) as r (n)
    where solved_s > created_s and fate in ('plain', 'reopened, solved', 'reopened, open')
        and case n when 0 then u(k, 'nps survey') < {c.nps_share}
            else u(k, 'csat survey') < {c.ticket_survey_share} end
),
answered as (
    select
        *,
        asked_s + case when u(k, 'late') < {c.late_survey_share}
            then 86400 + pick(k, 'days late', 9 * 86400)
            else 30 + pick(k, 'delay', 7200) end as responded_s,
        kind = 'nps' or u(k, 'scale') < 0.2 as is_ten,
        {c.best_score_share} + {c.best_score_per_skill} * skill as best,
        {c.promoter_share} + {c.promoter_per_skill} * skill as promoter
    from asked
)
select
    survey_no,
    code('S', survey_no, 10) as survey_id,
    kind,
    responded_s,
    case
        when is_odd(row_number() over (order by survey_no), {c.odd_survey_out_of_scale})
            then case when is_ten then 12 else 7 end
        when kind = 'nps' then case when u(k, 'score') < promoter then 9 + pick(k, 'within', 2)
            when u(k, 'score') < promoter + {c.passive_share} then 7 + pick(k, 'within', 2)
            else pick(k, 'within', 7) end
        else case when is_ten then 2 else 1 end * case
            when u(k, 'score') < best then 5
            when u(k, 'score') < best + {c.good_score_share} then 4
            when u(k, 'score') < best + {c.good_score_share} + 0.05 then 3
            else 1 + pick(k, 'within', 2) end
    end as score,
    case when is_ten then 10 else 5 end as scale_max,
    contact_id,
    ticket_id,
    agent_id,
    customer_id
from answered
where responded_s < getvariable('end_s');
"""

_QUALITY = """
create table quality_review as
with sampled as (
    select
        agent_id,
        agent_no,
        day_no,
        day,
        skill,
        k,
        unnest(range(case
            -- PT-14: five dialogues per working day under the points plan; some days fall short.
            when scheme_id = 'points_2017' then case when u(k, 'sampled') < 0.02 then 0
                when u(k, 'sampled') < 0.10
                then {c.reviews_per_day} - 1 else {c.reviews_per_day} end
            when u(k, 'sampled') < 0.40 then 1
            else 0 end)) as sample_no
    from agent_day
    where is_working
),
keyed as (
    select *, key('review', (agent_no * 4096 + day_no) * 8 + sample_no) as rk from sampled
),
dialogue as (
    select
        contact_id,
        agent_id,
        ((started_s - seconds_of(getvariable('first_day'))) // 86400)::bigint as day_no,
        row_number() over (partition by agent_id,
            ((started_s - seconds_of(getvariable('first_day'))) // 86400)
            order by contact_row) - 1 as sample_no
    from contact
    where is_answered and not is_invalid
),
judged as (
    select
        *,
        case when u(rk, 'deducted') < greatest(0.004,
            {c.deduction_share} + {c.deduction_per_skill} * skill)
            then case when u(rk, 'severe') < 0.06 then 20 else 2 + pick(rk, 'deduction', 9) end
            else 0 end as deduction
    from keyed
)
select
    code('Q', j.agent_no + 1, 4) || strftime(j.day, '%Y%m%d') || j.sample_no as review_id,
    j.agent_id,
    seconds_of(j.day) + 10 * 3600 + pick(j.rk, 'reviewed', 12 * 3600) as reviewed_s,
    (greatest(0, 200 - 2 * j.deduction - pick(j.rk, 'finer points', 13)) / 2)::decimal(5,
        1) as score,
    j.deduction < 5 as is_passed,
    j.deduction,
    one_of(j.rk, 'dimension', ['accuracy', 'courtesy', 'process', 'record']) as dimension,
    d.contact_id,
    code('QA', 1 + pick(j.rk, 'reviewer', 4), 2) as reviewer_id
from judged as j
left join dialogue as d on d.agent_id = j.agent_id and d.day_no = j.day_no
    and d.sample_no = j.sample_no;

create table violation as
select
    code('V', agent_no + 1, 4) || strftime(day, '%Y%m%d') as violation_id,
    case when u(k, 'violator unknown') < 0.02 then 'A9998' else agent_id end as agent_id,
    seconds_of(day) + 9 * 3600 + pick(k, 'violation time', 9 * 3600) as occurred_s,
    one_of(k, 'violation kind',
        ['unapproved_promise', 'privacy', 'off_script', 'hung_up', 'skipped_record']) as kind,
    case when u(k, 'severity') < 0.7 then 'minor' when u(k, 'severity') < 0.94 then 'major'
        else 'critical' end as severity
from agent_day
where is_working and u(k, 'violation') < {c.violation_share} + {c.violation_per_skill} * skill;
"""


def make_tickets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ticket: one row per ticket with its final state, its first export and its corrections."""
    connection.execute(render(_TICKET_CAST, **_hours()))
    connection.execute(render(_TICKET, twenty_years=TWENTY_YEARS_SECONDS))
    connection.execute(
        "drop table ticket_cast; drop table ticket_seed; drop table follow_up; drop table pool"
    )


def make_contacts(connection: duckdb.DuckDBPyConnection) -> None:
    """Create contact, survey, quality_review and violation."""
    connection.execute(render(_CONTACT, twenty_years=TWENTY_YEARS_SECONDS, **_hours()))
    for step in (_SURVEY, _QUALITY):
        connection.execute(render(step))


def _hours() -> dict[str, object]:
    """The hours of a day, each listed as often as its weight says, and the length of that list."""
    hours = [hour for hour, weight in enumerate(CENTRE.hour_weights) for _ in range(weight)]
    return {"hours": hours, "hour_count": len(hours)}
