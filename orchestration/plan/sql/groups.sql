-- Totals of open periods by period, plan, team and grade: sums of published and of planned lines, nothing else.
with side as (
    select *, before_cny as amount, true as is_before, grade_before as grade from planned where not is_settled
    union all
    select *, after_cny as amount, false as is_before, grade_after as grade from planned where not is_settled
),
member as (
    select 'period' as kind, period_id as id, side.* from side
    union all
    select 'plan' as kind, scheme_id as id, side.* from side
    union all
    select 'team' as kind, team_id as id, side.* from side
    union all
    select 'grade' as kind, grade as id, side.* from side
)
select
    kind,
    id,
    coalesce(plan_name.name_en, team.team_name, '') as name_en,
    coalesce(plan_name.name_zh, team.team_name, '') as name_zh,
    cast(coalesce(sum(amount) filter (where is_before), 0) as decimal(18, 2)) as before_cny,
    cast(coalesce(sum(amount) filter (where not is_before), 0) as decimal(18, 2)) as after_cny,
    count(distinct (agent_id, period_id)) filter (where amount is not null) as bonus_count
from member
left join plan_name on kind = 'plan' and id = plan_name.scheme_id
left join a.facts.dim_team as team on kind = 'team' and id = team.team_id
group by all
order by kind, id
