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
