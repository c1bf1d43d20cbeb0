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
            else day_s + {c.hours}[1 + pick(ck, 'hour', {c.hour_count})] * 3600
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
    started_s + case when is_mistyped_year then {c.twenty_years_seconds} else 0 end as started_s,
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
