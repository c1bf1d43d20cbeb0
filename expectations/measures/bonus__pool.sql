-- Grain: one plan, and the centre: the pay of the newest ended month against budget and its own months before.

with

month as (
    select
        period_id,
        day_count,
        row_number() over (order by starts_on desc) as newest_no
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

budget (scheme_id, month_cny) as (
    values {budget_cny_per_head}
),

line_total as (
    select
        bonus_id,
        sum(amount_cny) filter (where adjusts_bonus_line_id is null) as own_cny,
        sum(amount_cny) filter (where pay_kind = 'performance' and adjusts_bonus_line_id is null) as performance_cny
    from bonus.bonus_line
    group by bonus_id
),

agent_month as (
    select
        bonus.scheme_id,
        bonus.agent_id,
        month.newest_no,
        cast(coalesce(line_total.own_cny, 0) as double) as total_cny,
        cast(coalesce(line_total.performance_cny, 0) as double) as performance_cny,
        budget.month_cny as budget_cny,
        agent.service_day_count = month.day_count as is_whole_month
    from bonus.bonus as bonus
    inner join month
        on bonus.period_id = month.period_id
    left join line_total
        on bonus.bonus_id = line_total.bonus_id
    left join budget
        on bonus.scheme_id = budget.scheme_id
    left join facts.dim_agent_period as agent
        on
            bonus.agent_id = agent.agent_id
            and bonus.period_id = agent.period_id
    where month.newest_no <= {history_months} + 1
),

placed as (
    select
        scheme_id as subject,
        *
    from agent_month
    union all
    select
        'centre' as subject,
        *
    from agent_month
),

middle as (
    select
        scheme_id,
        median(performance_cny) as middle_cny
    from agent_month
    where newest_no = 1 and is_whole_month
    group by scheme_id
),

distance as (
    select
        placed.subject,
        count(*) as agent_count,
        count_if(
            abs(placed.performance_cny - middle.middle_cny) > {outlier_multiple} * abs(middle.middle_cny)
        ) as outlier_count
    from placed
    inner join middle
        on placed.scheme_id = middle.scheme_id
    where placed.newest_no = 1 and placed.is_whole_month and middle.middle_cny <> 0
    group by placed.subject
),

monthly as (
    select
        subject,
        newest_no,
        count(*) as agent_count,
        count_if(total_cny <> 0) as paid_count,
        count_if(is_whole_month and total_cny = 0) as unpaid_count,
        count_if(is_whole_month) as whole_count,
        sum(total_cny) as total_cny,
        sum(performance_cny) as performance_cny,
        sum(budget_cny) as budget_cny,
        count(budget_cny) as budgeted_count
    from placed
    group by subject, newest_no
),

usual as (
    select
        subject,
        median(total_cny / agent_count) as head_cny,
        median(agent_count) as agent_count,
        count(*) as month_count,
        bool_or(whole_count >= {min_plan_agents} and unpaid_count * 2 <= whole_count) as has_paid
    from monthly
    where newest_no > 1 and paid_count >= {min_agents}
    group by subject
)

-- What fewer people than the smallest group stand behind is nobody's business (PR-03); two decimals let nobody
-- work it out from the rest.
select
    newest.subject,
    case
        when newest.paid_count >= {min_agents} and newest.budgeted_count = newest.agent_count
            then round(newest.total_cny / newest.budget_cny, 2)
    end as budget_share,
    newest.agent_count - newest.budgeted_count as unbudgeted_count,
    case
        when newest.paid_count >= {min_plan_agents} and usual.month_count >= {min_months} and usual.head_cny > 0
            then round(log2(greatest(newest.total_cny, 1) / newest.agent_count / usual.head_cny), 2)
    end as head_pay_doublings,
    case
        when newest.paid_count >= {min_agents} and newest.total_cny > 0
            then round(newest.performance_cny / newest.total_cny, 2)
    end as performance_share,
    case
        when newest.whole_count >= {min_plan_agents} then round(newest.unpaid_count / newest.whole_count, 2)
    end as unpaid_share,
    -- A plan that never paid lacks an export (S-EXPORT): said elsewhere, and no surprise.
    case
        when newest.whole_count >= {min_plan_agents} and usual.has_paid
            then round(newest.unpaid_count / newest.whole_count, 2)
    end as stopped_paying_share,
    case
        when usual.month_count >= {min_months} and usual.agent_count >= {min_plan_agents}
            then round(newest.agent_count / usual.agent_count, 2)
    end as paid_headcount_ratio,
    case
        when distance.agent_count >= {min_plan_agents} then round(distance.outlier_count / distance.agent_count, 2)
    end as outlier_share
from monthly as newest
left join usual
    on newest.subject = usual.subject
left join distance
    on newest.subject = distance.subject
where newest.newest_no = 1
