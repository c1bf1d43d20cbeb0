"""Who works in the centre: agents, teams, job history, attendance, and who is on duty for which ticket."""

from __future__ import annotations

import duckdb

from orchestration.generate.centre import (
    LARGEST_PLAN_MINIMUM_SEATS,
    LARGEST_PLAN_SHARE_PERCENT,
    PLANS,
    STABLE_PRE_SALES_SEATS,
    render,
)


def plan_seats(agents: int) -> tuple[int, ...]:
    """Seats per plan of `PLANS`: the first holds the largest share, the others split the rest evenly.

    Sums to `agents`; from 100 agents on no plan has fewer than 8.
    """
    largest = max(LARGEST_PLAN_MINIMUM_SEATS, (agents * LARGEST_PLAN_SHARE_PERCENT + 50) // 100)
    others = len(PLANS) - 1
    each, left = divmod(agents - largest, others)
    return (largest, *(each + (1 if place < left else 0) for place in range(others)))


_AGENTS = """
create table department (role varchar, code varchar, department varchar, team_prefix varchar);
insert into department values
    ('pre_sales', 'PS', '售前服务部', '售前'), ('after_sales', 'AS', '售后服务部', '售后'),
    ('technical', 'TS', '技术支持部', '技术'), ('complaint', 'CP', '投诉处理部', '投诉'),
    ('general', 'GS', '综合服务部', '综合');

-- One agent. skill in [-1, 1] drives speed, satisfaction, quality, conversion and complaints.
create table agent as
with seat as (
    select
        scheme_id,
        place,
        row_number() over (order by plan_no, place) - 1 as seat_no,
        plan_no = 0 and place < {stable} as is_stable,
        roles
    from (select *, unnest(range(seats)) as place from plan_quota)
),
person as (
    select
        n as agent_no,
        key('agent', n) as k,
        row_number() over (order by u(key('agent', n), 'seat'), n) - 1 as seat_no
    from range(getvariable('agents')) as r (n)
),
seated as (
    select
        p.agent_no,
        p.k,
        code('A', p.agent_no + 1, 4) as agent_id,
        s.scheme_id,
        s.place,
        s.is_stable,
        case when s.is_stable then 'pre_sales' else s.roles[1 + s.place % len(s.roles)] end as role,
        clamp(z(p.k, 'skill') * {c.skill_spread}) as skill,
        -- Every twentieth agent lives through the same kind of change: small centres see all.
        case when s.is_stable then 'none'
            else (['none', 'leave', 'team', 'none', 'join', 'role', 'none', 'plan', 'level', 'none',
                'level_role', 'salary', 'none', 'join', 'team', 'none', 'role_plan', 'plan_back',
                'leave', 'none'])
                [1 + (row_number() over (partition by s.is_stable order by p.seat_no % 7, p.seat_no)
                    - 1) % 20]
        end as fate
    from person as p
    join seat as s using (seat_no)
),
levelled as (
    select
        *,
        case when fate = 'join' then 0
            else greatest(0, least(3,
                floor(2.6 * u(k, 'level') + 1.3 * (skill + 1) - 0.6)::integer))
        end as level_no
    from seated
)
select
    agent_no,
    k,
    agent_id,
    scheme_id,
    role,
    skill,
    fate,
    is_stable,
    level_no,
    one_of(k, 'surname', ['王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '徐', '孙'])
        || one_of(k, 'given', ['伟', '芳', '娜', '敏', '静', '丽', '强', '磊', '洋', '艳', '勇'])
        || one_of(k, 'second', ['', '', '', '华', '平', '明', '宁', '雪', '玲', '辉']) as agent_name,
    case when scheme_id = 'points_2017' then case when place % 3 = 1 then 'vip' else 'regular' end
        when u(k, 'group') < {c.vip_share} then 'vip' else 'regular' end as customer_group,
    case when u(k, 'education') < {c.bachelor_share} then 'bachelor'
        when u(k, 'education') < {c.bachelor_share} + {c.college_share} then 'college'
        else 'high_school' end as education,
    case when fate = 'join'
        then getvariable('first_day')
            + (1 + pick(k, 'hired', getvariable('days') * 7 // 10))::integer
        else getvariable('first_day')
            - ([40, 250, 600, 1000][1 + level_no]
                + pick(k, 'hired', [400, 700, 1200, 2500][1 + level_no]))::integer
    end as hired_on,
    case when fate = 'leave'
        then getvariable('first_day') + (getvariable('days') * 3 // 10
            + pick(k, 'left', getvariable('days') * 13 // 20))::integer
    end as left_on,
    case when scheme_id = 'part_time' then {c.part_time_salary_cny}
        else {c.level_salary_cny}[1 + level_no] end + 50 * pick(k, 'salary', 12) as base_salary
from levelled;

-- One team per department and number; team 0 of the two largest departments is a small desk.
create table home_team as
with ranked as (
    select
        a.agent_id,
        a.role,
        row_number() over (partition by a.role order by a.agent_no) - 1 as place,
        count(*) over (partition by a.role) as members,
        d.code,
        d.department,
        d.team_prefix
    from agent as a
    join department as d using (role)
),
desked as (
    select
        *,
        case when role in ('after_sales', 'technical')
            and members >= {c.small_desk_department_minimum}
            then {c.small_desk_members} else 0 end as desk
    from ranked
),
numbered as (
    select
        *,
        case when place < desk then 0
            else 1 + (place - desk)
                * greatest(1, (members - desk) // {c.team_members}) // (members - desk)
        end as team_no
    from desked
)
select
    agent_id,
    role,
    department,
    team_no,
    code || lpad(team_no::varchar, 2, '0') as team_id,
    team_prefix || case when team_no = 0 then '专席' else team_no::varchar || '组' end as team_name
from numbered;

create table team as
select
    h.team_id,
    any_value(h.team_name) as team_name,
    any_value(h.department) as department,
    any_value(h.role) as role,
    row_number() over (order by h.team_id) - 1 as team_place,
    count(*) over () as teams,
    arg_min(a.agent_id, (a.fate <> 'none')::integer * 1000000 - a.level_no * 100000
        + a.agent_no) as lead_agent_id
from home_team as h
join agent as a using (agent_id)
group by h.team_id;
"""

_HISTORY = """
-- One agent and change of the job history: its kind and day. Fates come in a history of any length; of the
-- half-years after the first each brings most agents one more change, so that long histories hold many moves.
create table job_change as
with fate_change (fate, change_no, change) as (
    values ('team', 1, 'team'), ('role', 1, 'role'), ('plan', 1, 'plan'), ('level', 1, 'level'),
        ('salary', 1, 'salary'), ('level_role', 1, 'level'), ('level_role', 2, 'role'),
        ('role_plan', 1, 'role'), ('role_plan', 2, 'plan'), ('plan_back', 1, 'plan'),
        ('plan_back', 2, 'plan back')
),
placed as (
    select
        a.*,
        f.change_no,
        f.change,
        pick(a.k, 'first change', getvariable('months')) as first_month
    from agent as a
    join fate_change as f using (fate)
),
fated as (
    select
        agent_id,
        change,
        -- A first change falls on days 5-14, a second on days 16-25 of the same or a later month.
        (getvariable('first_day') + to_months((first_month + case change_no
            when 1 then 0 else pick(k, 'second change',
                getvariable('months') - first_month) end)::integer))::date
        + (case change_no when 1 then 4 + pick(k, 'early day', 10)
            else 15 + pick(k, 'late day', 10) end)::integer
            as effective_from
    from placed
),
later as (
    select
        a.agent_id,
        a.hired_on,
        a.left_on,
        a.k,
        block::varchar as block,
        (getvariable('first_day') + to_months((block * {c.later_change_months}
            + pick(a.k, 'later month ' || block, {c.later_change_months}))::integer))::date as month_first,
        -- On the first of a month or on days 26-28: never on the day of a change above.
        month_first + (case when u(a.k, 'later first ' || block) < {c.first_of_month_share} then 0
            else 25 + pick(a.k, 'later day ' || block, 3) end)::integer as effective_from
    from agent as a
    cross join range(1, getvariable('months') // {c.later_change_months} + 1) as r (block)
    where not a.is_stable and u(a.k, 'later change ' || block) < {c.later_change_share}
),
dated as (
    select * from fated
    union all
    select
        agent_id,
        one_of(k, 'later kind ' || block, ['later plan', 'later plan', 'later plan', 'role', 'role',
            'level', 'level', 'salary', 'salary', 'team']),
        effective_from
    from later
    where seconds_of(effective_from) < getvariable('end_s')
        and effective_from > hired_on and (left_on is null or effective_from <= left_on)
)
select
    agent_id,
    change,
    effective_from,
    row_number() over (partition by agent_id order by effective_from) as change_no
from dated;

-- One agent and interval of the job history, [effective_from, next change).
create table job as
with recursive next_role (role, new_role) as (
    values ('pre_sales', 'after_sales'), ('after_sales', 'technical'), ('technical', 'general'),
        ('complaint', 'after_sales'), ('general', 'pre_sales')
),
-- The later moves go round through all plans, so that a long history drains none.
next_plan (scheme_id, new_scheme_id, later_scheme_id) as (
    values ('centre_grade', 'platform_mix', 'points_2017'), ('points_2017', 'centre_grade', 'sales_service'),
        ('sales_service', 'balanced_scorecard', 'level_ladder'),
        ('level_ladder', 'centre_grade', 'complaint_desk'),
        ('complaint_desk', 'centre_grade', 'platform_mix'),
        ('platform_mix', 'points_2017', 'balanced_scorecard'),
        ('balanced_scorecard', 'sales_service', 'part_time'), ('part_time', 'level_ladder', 'centre_grade')
),
role_team as (
    select role, max(team_id) as team_id from team group by role
),
sibling as (
    select
        t.team_id,
        coalesce(min(s.team_id) filter (where s.role = t.role), min(s.team_id)) as other_team_id
    from team as t
    join team as s on s.team_id <> t.team_id
    group by t.team_id
),
held as (
    select a.agent_id, 0::bigint as change_no, a.hired_on as effective_from, h.team_id, a.role,
        a.scheme_id, a.level_no, a.base_salary, a.scheme_id as first_scheme_id
    from agent as a
    join home_team as h using (agent_id)
    union all
    select
        h.agent_id,
        c.change_no,
        c.effective_from,
        case c.change when 'team' then s.other_team_id when 'role' then coalesce(rt.team_id, h.team_id)
            else h.team_id end,
        case c.change when 'role' then nr.new_role else h.role end,
        case c.change when 'plan' then np.new_scheme_id when 'later plan' then np.later_scheme_id
            when 'plan back' then h.first_scheme_id else h.scheme_id end,
        case c.change when 'level' then least(3, h.level_no + 1) else h.level_no end,
        case c.change
            when 'level' then h.base_salary * (100 + {c.level_raise_percent}) // 100
            when 'salary' then h.base_salary * (100 + {c.yearly_raise_percent}) // 100
            else h.base_salary
        end,
        h.first_scheme_id
    from held as h
    join job_change as c on c.agent_id = h.agent_id and c.change_no = h.change_no + 1
    join next_role as nr on nr.role = h.role
    join next_plan as np on np.scheme_id = h.scheme_id
    join sibling as s on s.team_id = h.team_id
    left join role_team as rt on rt.role = nr.new_role
)
select
    h.agent_id,
    h.effective_from,
    h.team_id,
    h.role,
    h.scheme_id,
    case when h.scheme_id = 'part_time' then 'part_time' else 'full_time' end as employment,
    h.level_no,
    h.base_salary,
    lead(h.effective_from) over (partition by h.agent_id order by h.change_no) as effective_to,
    t.department,
    ['junior', 'intermediate', 'senior', 'expert'][1 + h.level_no] as level,
    a.agent_no,
    a.k,
    a.agent_name,
    a.skill,
    a.customer_group,
    a.education,
    a.hired_on,
    a.left_on
from held as h
join agent as a using (agent_id)
join team as t using (team_id);
"""

_DUTY = """
-- One agent and day in service.
create table agent_day as
with served as (
    select
        j.agent_id,
        j.agent_no,
        j.role,
        j.scheme_id,
        j.team_id,
        j.employment,
        j.customer_group,
        j.skill,
        j.k as agent_k,
        d.day_no,
        d.day,
        key('attendance', j.agent_no * 4096 + d.day_no) as k
    from job as j
    join calendar_day as d
        on d.day >= j.effective_from
        and (j.effective_to is null or d.day < j.effective_to)
        and (j.left_on is null or d.day <= j.left_on)
),
tempered as (
    select
        *,
        case when u(agent_k, 'reliable') < {c.reliable_share} then {c.reliable_factor}
            when u(agent_k, 'reliable') > 1 - {c.unreliable_share} then {c.unreliable_factor}
            else 1.0 end as temper,
        (day_no + agent_no) % 7 < case when employment = 'part_time' then 4 else 2 end as is_rest,
        employment = 'full_time' and u(agent_k, 'night') < {c.night_share}
            and ((day_no + agent_no) // 7 + agent_no) % 3 = 0 as is_night
    from served
),
marked as (
    select
        *,
        case
            when is_rest then 'rest'
            when u(k, 'status') < temper * {c.late_share} then 'late'
            when u(k, 'status') < temper * ({c.late_share} + {c.sick_share}) then 'sick_leave'
            when u(k, 'status') < temper * ({c.late_share} + {c.sick_share} + {c.annual_share})
                then 'annual_leave'
            when u(k, 'status') < temper
                * ({c.late_share} + {c.sick_share} + {c.annual_share} + {c.personal_share})
                then 'personal_leave'
            when u(k, 'status') < temper
                * ({c.late_share} + {c.sick_share} + {c.annual_share} + {c.personal_share}
                + {c.swap_share}) then 'shift_swap'
            when u(k, 'status') < temper
                * ({c.late_share} + {c.sick_share} + {c.annual_share} + {c.personal_share}
                + {c.swap_share} + {c.absent_share}) then 'absent'
            else 'present'
        end as status
    from tempered
)
select
    * exclude (temper, is_rest),
    status in ('present', 'late') as is_working
from marked;

-- One day, ticket type, shift and slot: who takes such a ticket. Better agents hold more slots; a day or
-- shift without a fitting agent falls back to whoever works.
create table pool as
with ticket_kind (type_no, role) as (
    values (0, 'pre_sales'), (1, 'after_sales'), (2, 'technical'), (3, 'complaint'),
        (4, 'after_sales')
),
fitting as (
    select
        d.day_no,
        t.type_no,
        d.agent_no,
        d.agent_id,
        d.skill,
        d.is_night,
        d.customer_group = 'vip' as is_vip,
        -- General agents fit every type, so they take a small part of each.
        case when d.role = 'general' then 1 when d.employment = 'part_time' then 2
            when d.skill < -0.3 then 3 when d.skill > 0.3 then 5 else 4 end as weight,
        d.role = t.role or d.role = 'general' as is_fit,
        count_if(d.role = t.role or d.role = 'general')
            over (partition by d.day_no, t.type_no) as fit_count
    from agent_day as d
    cross join ticket_kind as t
    where d.is_working
),
shifted as (
    select
        f.*,
        s.shift_no,
        f.is_night = (s.shift_no = 1) as is_shift,
        count_if(f.is_night = (s.shift_no = 1))
            over (partition by f.day_no, f.type_no, s.shift_no) as shift_count
    from (select * from fitting where is_fit or fit_count = 0) as f
    cross join (values (0), (1)) as s (shift_no)
),
slotted as (
    select *, unnest(range(weight)) as share from shifted where is_shift or shift_count = 0
)
select
    day_no * 10 + type_no * 2 + shift_no as pool_no,
    (row_number() over (partition by day_no, type_no, shift_no order by agent_no, share)
        - 1)::integer as slot,
    agent_id,
    skill,
    is_vip
from slotted;

create table pool_size as
select pool_no, count(*)::integer as slots from pool group by pool_no;

-- One day and slot: whom customers complain about; weaker agents hold more slots.
create table blame as
with slotted as (
    select day_no, agent_no, agent_id,
        unnest(range(case when skill < -0.3 then 4 when skill < 0.3 then 2 else 1 end)) as share
    from agent_day
    where is_working
)
select
    day_no,
    (row_number() over (partition by day_no order by agent_no, share) - 1)::integer as slot,
    count(*) over (partition by day_no)::integer as slots,
    agent_id
from slotted;
"""

_APPRAISAL = """
-- One agent and month with any day in service, as held on the last of those days.
create table agent_month as
select
    agent_id,
    agent_no,
    month_no,
    month_id,
    month_first,
    month_days,
    min(day) as first_served,
    max(day) as last_served,
    arg_max(role, day) as role,
    arg_max(scheme_id, day) as scheme_id,
    arg_max(team_id, day) as team_id,
    arg_max(employment, day) as employment,
    bool_or(employment = 'part_time') as was_part_time,
    any_value(skill) as skill,
    any_value(agent_k) as agent_k,
    key('month', agent_no * 512 + month_no) as k
from agent_day
join calendar_day using (day_no, day)
group by agent_id, agent_no, month_no, month_id, month_first, month_days;

-- One rating of an agent, period and dimension by one rater.
create table rating as
with dimension (dimension_no, dimension, raters) as (
    values (0, 'supervisor', 1), (1, 'execution', 1), (2, 'behaviour', 1), (3, 'peer_360', 3)
),
monthly as (
    select m.*, d.*, m.month_id as period_id, unnest(range(d.raters)) as rater_no,
        key('rating', (m.agent_no * 512 + m.month_no) * 8 + d.dimension_no) as rating_k
    from agent_month as m
    cross join dimension as d
    -- Some agents are never rated, some ratings are missing.
    where m.agent_no % {c.unrated_modulus} <> 11
        and u(m.k, 'missing ' || d.dimension) >= {c.missing_rating_share}
),
quarterly as (
    select m.*, 0 as dimension_no, 'supervisor' as dimension, 1 as raters,
        q.quarter_id as period_id, 0 as rater_no,
        key('rating', (m.agent_no * 512 + m.month_no) * 8 + 7) as rating_k
    from agent_month as m
    join calendar_month as q using (month_no)
    where q.is_quarter_end and m.agent_no % {c.unrated_modulus} <> 11
        and u(m.k, 'quarter') < {c.quarter_rating_share}
),
rated as (
    select * from monthly
    union all
    select * from quarterly
)
select
    code('R', agent_no + 1, 4) || '-' || period_id || '-' || dimension_no || rater_no as rating_id,
    r.agent_id,
    r.period_id,
    r.dimension,
    case when r.dimension = 'peer_360'
        then code('A', 1 + (r.agent_no + 1 + r.rater_no) % getvariable('agents'), 4)
        when t.lead_agent_id = r.agent_id then 'M' || t.team_id
        else t.lead_agent_id end as rater_id,
    (case when r.dimension = 'execution'
        then floor(180 + 75 * r.skill + 40 * z(r.rating_k, 'score'))
        else floor(2 * (82 + 10 * r.skill
            + 4.5 * z(xor(r.rating_k, r.rater_no::ubigint), 'score'))) / 2
    end) as raw_score,
    greatest(0, least(raw_score, case r.dimension when 'execution' then 300 else 100 end))
        ::decimal(6, 1) as score
from rated as r
join team as t using (team_id);

create table collaboration as
select
    code('L', m.agent_no + 1, 4) || '-' || m.month_id || '-' || n as collaboration_id,
    m.agent_id,
    seconds_of(m.last_served) - pick(m.k, 'support day ' || n, day(m.last_served)) * 86400
        + 9 * 3600 + pick(m.k, 'support time ' || n, 9 * 3600) as occurred_s,
    t.team_id as supported_team_id,
    t.lead_agent_id as rater_id,
    greatest(0, least(100,
        floor(84 + 9 * m.skill + 6 * z(m.k, 'support rating ' || n))))::integer as rating
from agent_month as m
cross join (values ('1'), ('2')) as r (n)
join team as own on own.team_id = m.team_id
join team as t
    on t.team_place = (own.team_place + 1 + pick(m.k, 'supported ' || n, t.teams - 1)) % t.teams
where u(m.k, 'support ' || n) < {c.collaboration_share} / case n when '1' then 1 else 3 end
    and u(m.agent_k, 'team player') >= 0.12
    and occurred_s >= seconds_of(m.first_served);

create table recognition as
with recognised as (
    select m.*, r.kind, r.share * (1 + r.lean * m.skill) as chance
    from agent_month as m
    cross join (values
        ('excellent_case', {c.excellent_case_share}, 0.7),
            ('knowledge_article', {c.knowledge_article_share}, 0.4),
        ('extra_points', {c.extra_points_share}, 0.3), ('referral', {c.referral_share}, 0.0),
        ('improvement_proposal', {c.improvement_share}, 0.5),
            ('internal_complaint', {c.internal_complaint_share}, -0.8)
    ) as r (kind, share, lean)
),
numbered as (
    select *, row_number() over (partition by kind order by month_no, agent_no) as kind_no
    from recognised
    where u(k, kind) < chance
)
select
    code('G', agent_no + 1, 4) || '-' || month_id || '-' || left(kind, 3) as recognition_id,
    agent_id,
    kind,
    greatest(first_served, last_served - pick(k, 'day of ' || kind, 28)::integer) as occurred_on,
    case when kind = 'extra_points' then 10 + 10 * pick(k, 'points', 15) end as points,
    case kind_no % 7 when 2 then 'pending' when 4 then 'rejected' else 'accepted' end as status
from numbered;

create table exam as
select
    m.agent_id,
    e.exam,
    greatest(m.first_served, m.last_served - pick(m.k, 'exam ' || e.exam, 28)::integer) as taken_on,
    greatest(0, least(100,
        floor(78 + 11 * m.skill + 7 * z(m.k, 'exam score ' || e.exam))))::integer as score
from agent_month as m
join calendar_month as q using (month_no)
cross join (values ('业务知识考试'), ('服务技能考试')) as e (exam)
where (q.is_quarter_end or u(m.k, 'extra exam') < 0.1) and u(m.k, 'sits ' || e.exam) < 0.9;
"""


def make_people(connection: duckdb.DuckDBPyConnection, *, agents: int) -> None:
    """Create agent, team, job, agent_day, the pools of who is on duty, and the appraisal tables."""
    connection.execute(
        "create table plan_quota (plan_no integer, scheme_id varchar, seats integer, roles varchar[])"
    )
    connection.executemany(
        "insert into plan_quota values (?, ?, ?, ?)",
        [
            (number, plan.scheme_id, seats, list(plan.roles))
            for number, (plan, seats) in enumerate(zip(PLANS, plan_seats(agents), strict=True))
        ],
    )
    connection.execute(render(_AGENTS, stable=STABLE_PRE_SALES_SEATS))
    for step in (_HISTORY, _DUTY, _APPRAISAL):
        connection.execute(render(step))
