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
        plan_no = 0 and place < {c.stable_pre_sales_seats} as is_stable,
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
