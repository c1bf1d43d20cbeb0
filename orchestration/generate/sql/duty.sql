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
