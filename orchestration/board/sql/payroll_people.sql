-- Grain: one agent paid in the newest month or the one before: both amounts, and whether the change is unusual among
-- those on the plan: beyond 1.5 interquartile ranges (Tukey's fences), where at least 5 changes can be compared.
with

month as (
    select max(period_id) as now_id from bonus.bonus where period_kind = 'month'
),

before as (
    select max(period_id) as before_id from bonus.bonus, month where period_kind = 'month' and period_id < now_id
),

paid as (
    select
        bonus.agent_id,
        arg_max(bonus.scheme_id, bonus.period_id) as scheme_id,
        sum(case when bonus.period_id = month.now_id then bonus.amount_cny end) as now_cny,
        sum(case when bonus.period_id = before.before_id then bonus.amount_cny end) as before_cny
    from bonus.bonus as bonus
    cross join month
    cross join before
    where bonus.period_id in (month.now_id, before.before_id)
    group by bonus.agent_id
),

fence as (
    select
        scheme_id,
        quantile_cont(now_cny - before_cny, 0.25) as low,
        quantile_cont(now_cny - before_cny, 0.75) as high
    from paid
    where now_cny is not null and before_cny is not null
    group by scheme_id
    having count(*) >= 5
)

select
    paid.agent_id, agent.agent_name, paid.scheme_id, plan.name_zh, plan.name_en, paid.before_cny, paid.now_cny,
    coalesce(paid.now_cny, 0) - coalesce(paid.before_cny, 0) as change_cny,
    case
        when before.before_id is null then ''
        when paid.before_cny is null then 'appeared'
        when paid.now_cny is null then 'vanished'
        when paid.now_cny - paid.before_cny > fence.high + 1.5 * (fence.high - fence.low)
            or paid.now_cny - paid.before_cny < fence.low - 1.5 * (fence.high - fence.low) then 'far'
        else ''
    end as oddness,
    month.now_id, before.before_id
from paid
cross join month
cross join before
left join fence on paid.scheme_id = fence.scheme_id
left join facts.dim_agent as agent on paid.agent_id = agent.agent_id
left join policy.policy_scheme as plan on paid.scheme_id = plan.scheme_id and plan.period_id = month.now_id
order by paid.scheme_id, paid.agent_id
