create table ruling as
with disputed as (
    -- A bad score after a solved matter is what agents appeal against.
    select 'survey' as entity, survey_id as entity_id, survey_no as row_no, responded_s as event_s,
        ['malicious_complaint', 'appeal', 'data_error'] as reasons,
            ['csat', null, 'csat_rate'] as kpis
    from survey
    where kind = 'csat' and score * 5 <= scale_max * 2
        and u(key('ruling', survey_no), 'survey') < {c.ruling_survey_share}
    union all
    select 'ticket', ticket_id, row_no, coalesce(solved_s, created_s),
        ['malicious_complaint', 'data_error', 'appeal'],
            [null, 'handle_seconds', 'ticket_on_time_rate']
    from ticket
    where fate <> 'mistyped year' and type_no = 3
        and u(key('ruling', row_no), 'ticket') < {c.ruling_ticket_share}
    union all
    -- The outage: unanswered contacts of two hours on one day.
    select 'contact', contact_id, contact_row, started_s, ['system_outage'],
        [null, 'answer_rate', null]
    from contact
    where is_outage and not is_answered and not is_bot and agent_id is not null
    union all
    select 'quality_review', review_id, row_number() over (order by review_id), reviewed_s,
        ['appeal', 'data_error'],
        ['qa_pass_rate', null, 'qa_score']
    from quality_review
    where not is_passed
    union all
    select 'violation', violation_id, row_number() over (order by violation_id), occurred_s,
        ['appeal'], [null, 'violation_count', null]
    from violation
    union all
    select 'order', order_id, row_number() over (order by order_id), updated_s, ['data_error'],
        ['sales_amount', null, null]
    from "order"
    where status = 'refunded'
    union all
    select 'lead', lead_id, row_number() over (order by lead_id), closed_s,
        ['data_error', 'appeal'], ['win_rate', 'conversion_rate', null]
    from lead
    where stage = 'lost'
),
chosen as (
    -- Surveys, tickets and the outage are chosen above; of the others every so many-th row is disputed.
    select * from disputed where entity in ('survey', 'ticket', 'contact')
    union all
    select * from disputed
        where entity in ('quality_review', 'violation', 'order') and row_no % 13 = 1
    union all
    select * from disputed where entity = 'lead' and row_no % {c.ruling_row_modulus} = 1
    union all
    -- One ruling names a row that no export holds.
    select 'ticket', 'T999999999', 1, getvariable('end_s') - 10 * 86400, ['data_error'],
        [null, null, null]
),
numbered as (
    select
        *,
        key('ruling', row_number() over (order by entity, entity_id) - 1) as k,
        row_number() over (partition by entity order by event_s, entity_id) as entity_place,
        least(getvariable('end_s') - 120,
            event_s + 3600 + pick(k, 'asked', 3 * 86400)) as requested_s,
        requested_s + 3600 + pick(k, 'decided', 4 * 86400) as deciding_s
    from chosen
),
decided as (
    select
        *,
        -- Only what was asked in the last month may still wait: earlier months can be settled.
        case
            when deciding_s >= getvariable('end_s') then 'pending'
            when requested_s >= getvariable('last_month_s') and entity_place % 4 = 2 then 'pending'
            when entity_place % 4 = 3 then 'rejected'
            else 'approved'
        end as decision
    from numbered
)
select
    code('U', row_number() over (order by requested_s, entity, entity_id), 6) as ruling_id,
    entity,
    entity_id,
    kpis[1 + pick(k, 'kpi', len(kpis))] as kpi_id,
    reasons[1 + pick(k, 'reason', len(reasons))] as reason,
    code('A', 1 + pick(k, 'asker', getvariable('agents')), 4) as requested_by,
    requested_s,
    case when decision <> 'pending'
        then code('M', 1 + pick(k, 'reviewer', 3), 2) end as reviewer_id,
    decision,
    case when decision <> 'pending' then deciding_s end as decided_s,
    case decision
        when 'approved' then '情况属实，同意不计入考核'
        when 'rejected' then '证据不足，维持原记录'
    end as note
from decided;

create table outage as
select
    code('X', 1, 3) as outage_id,
    cast(getvariable('outage_s') as bigint) as starts_s,
    starts_s + {c.outage_hours} * 3600 as ends_s,
    '呼叫平台故障，来话无法接听' as note;

create table sign_off as
select
    month_id as period_id,
    'M01' as reviewer_id,
    month_end_s + 4 * 86400 + 10 * 3600
        + pick(key('sign off', month_no), 'signed', 6 * 3600) as signed_s
from calendar_month
where signed_s < getvariable('end_s')
union all
select
    quarter_id,
    'M02',
    month_end_s + 9 * 86400 + 15 * 3600
from calendar_month
where is_quarter_end and month_end_s + 9 * 86400 + 15 * 3600 < getvariable('end_s');
