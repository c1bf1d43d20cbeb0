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
