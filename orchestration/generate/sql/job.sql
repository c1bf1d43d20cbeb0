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
