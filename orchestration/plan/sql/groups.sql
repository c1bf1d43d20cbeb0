-- Totals of open periods by period, plan, team and grade: sums of published and of planned lines, nothing else.
with side as (
    select
        agent_id, period_id, scheme_id, team_id, grade_before as grade,
        sum(before_cny) as before_cny, null as after_cny
    from planned where not is_settled group by all
    union all
    select agent_id, period_id, scheme_id, team_id, grade_after, null, sum(after_cny)
    from planned where not is_settled group by all
),
member as (
    select 'period' as kind, period_id as id, side.* from side
    union all
    select 'plan' as kind, scheme_id as id, side.* from side
    union all
    select 'team' as kind, team_id as id, side.* from side
    union all
    select 'grade' as kind, grade as id, side.* from side
),
bonus as (
    select kind, id, sum(before_cny) as before_cny, sum(after_cny) as after_cny
    from member group by kind, id, agent_id, period_id
)
select
    kind,
    id,
    coalesce(plan_name.name_en, team.team_name, '') as name_en,
    coalesce(plan_name.name_zh, team.team_name, '') as name_zh,
    cast(coalesce(sum(before_cny), 0) as decimal(18, 2)) as before_cny,
    cast(coalesce(sum(after_cny), 0) as decimal(18, 2)) as after_cny,
    count(*) filter (where before_cny is not null or after_cny is not null) as bonus_count
from bonus
left join plan_name on kind = 'plan' and id = plan_name.scheme_id
left join a.facts.dim_team as team on kind = 'team' and id = team.team_id
group by all
order by kind, id
