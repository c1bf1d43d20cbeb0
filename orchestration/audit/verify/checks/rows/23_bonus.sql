-- bonus = sum of its lines
-- in: bonus.bonus
with line as (
    select bonus_id, period_kind, period_id, agent_id, min(scheme_id) as scheme_id,
        sum(amount_cny) as amount_cny, count(*) as line_count
    from {bonus.bonus_line} group by all
),
owed as (
    select period_id || ':' || agent_id as bonus_id, period_kind, period_id, agent_id, scheme_id,
        (period_id, scheme_id) in (select (period_id, scheme_id) from {policy.policy_component})
            as is_paying
    from {facts.dim_agent_period}
    union all
    select bonus_id, period_kind, period_id, agent_id, scheme_id, true from line
    where (agent_id, period_id) not in (select (agent_id, period_id) from {facts.dim_agent_period})
)
select owed.* exclude (is_paying), coalesce(line.amount_cny, 0) as amount_cny,
    coalesce(line.line_count, 0) as line_count, coalesce(score.status, 'not_scored') as score_status,
    maturity_of(has_ended and coalesce(score.maturity, 'final') = 'final'
        and (owed.agent_id, owed.period_id) not in (
            select (agent_id, period_id) from {bonus.bonus_unpaid}
            where reason in ('no_attribute', 'no_base')
        )) as maturity
from owed
inner join {facts.dim_period} as period on owed.period_id = period.period_id
left join line on owed.bonus_id = line.bonus_id
left join {score.score} as score
    on owed.agent_id = score.agent_id and owed.period_id = score.period_id
where is_paying or line.bonus_id is not null
