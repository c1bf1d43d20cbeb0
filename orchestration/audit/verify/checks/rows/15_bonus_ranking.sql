-- ranked = all who are in the running, by what was measured
-- in: bonus.bonus_ranking
with award as (
    select award.*, min_service_share, coalesce(case direction when 'lower' then -1 end, 1) as way,
        case basis when 'attainment' then 'attainment:' || component_id else basis end as measure_id
    from {policy.policy_award} as award
    inner join {policy.policy_scheme} as scheme using (period_id, scheme_id)
    left join {policy.policy_kpi_period} as kpi on award.period_id = kpi.period_id and basis = kpi_id
),
-- S-AWARD: on the plan on the period's last day, and long enough.
on_plan as (
    select agent_id, period_id, scheme_id, place.team_id, component_id
    from award inner join {facts.dim_agent_period} as place using (period_id, scheme_id)
    inner join {facts.dim_period} as period using (period_id)
    inner join {facts.dim_agent_period_segment} as segment using (agent_id, period_id, scheme_id)
    where place.last_day_on = ends_on group by all
    having sum(segment.day_count) >= any_value(min_service_share * period.day_count)
),
candidate as (
    select period_id, component_id, agent_id as subject_id, case scope
        when 'department' then coalesce(due.department, '') when 'team' then coalesce(due.team_id, '')
        when 'role' then coalesce(due.role, '') else scheme_id end as scope_id
    from {bonus.bonus_due} as due
    inner join on_plan using (agent_id, period_id, component_id, scheme_id)
    inner join award using (period_id, component_id, scheme_id)
    inner join {facts.dim_period} as period using (period_id)
    where subject = 'agent'
        and coalesce(ends_on < hired_on + to_months(cast(max_service_months as integer)), true)
    union
    select period_id, component_id, team_id, case scope when 'department' then department else scheme_id end
    from award inner join on_plan using (period_id, component_id, scheme_id)
    left join {facts.dim_team} as team using (team_id)
    where subject = 'team' and team_id is not null and (scope <> 'department' or department is not null)
),
held as (
    select distinct unnest([agent_id, team_id]) as subject_id, period_id as previous_period_id,
        scheme_id
    from {facts.dim_agent_period}
),
measure as (
    select agent_id as subject_id, period_id, kpi_id as measure_id, value, denominator as cases,
        millionths(numerator) as n, cast(denominator as hugeint) as d
    from {kpi.kpi_observation}
    union all
    select group_id, period_id, kpi_id, value, denominator, millionths(numerator), denominator
    from {kpi.kpi_group_observation} where group_kind = 'team'
    union all
    select agent_id, period_id, 'score', total_score, 1, millionths(total_score), 1 from {score.score}
    union all
    select agent_id, period_id, 'attainment:' || component_id, attainment, 1,
        cast(compared_actual as hugeint), cast(compared_target as hugeint)
    from {bonus.bonus_attainment}
)
select period_id, component_id, subject_id, scope_id, latest.value as current_value,
    latest.cases as case_count, prior.value as previous_value,
    way * (latest.n * prior.d - prior.n * latest.d) as _gained,
    case when gain is null then way * latest.value
        when gain = 'absolute' then way * (latest.value - prior.value)
        else from_millionths(whole_quotient(_gained * 1000000, latest.d * prior.n)) end
            as ranked_value
from candidate
inner join award using (period_id, component_id)
inner join {facts.dim_period} as period using (period_id)
inner join measure as latest using (subject_id, period_id, measure_id)
left join held using (subject_id, previous_period_id, scheme_id)
left join measure as prior on held.subject_id = prior.subject_id and prior.value is not null
    and held.previous_period_id = prior.period_id and award.measure_id = prior.measure_id
    and prior.cases >= min_sample
where latest.value is not null and latest.cases >= min_sample
    and (gain is null or (_gained > 0 and (gain = 'absolute' or prior.n > 0)))
