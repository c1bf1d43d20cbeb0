-- Grain: one month that has ended: what awards, commissions and adjustments make of all pay.

with

month as (
    select period_id
    from facts.dim_period
    where period_kind = 'month' and has_ended
    order by starts_on desc
    limit {recent_months}
),

pay as (
    select
        line.period_id,
        count(distinct line.agent_id) as agent_count,
        cast(sum(line.amount_cny) as double) as total_cny,
        cast(sum(line.amount_cny) filter (where line.mechanism in ('top_n', 'improvement')) as double) as award_cny,
        cast(sum(abs(line.amount_cny)) filter (where line.adjusts_bonus_line_id is not null) as double) as adjusted_cny,
        cast(sum(line.amount_cny) filter (where line.mechanism = 'commission') as double) as commission_cny,
        count(distinct line.agent_id) filter (where line.mechanism = 'commission' and line.amount_cny <> 0) as commissioned_count
    from bonus.bonus_line as line
    inner join month
        on line.period_id = month.period_id
    group by line.period_id
),

sale as (
    select
        attainment.period_id,
        cast(sum(attainment.sales_cny) as double) as sales_cny
    from (
        select distinct
            line.period_id,
            line.agent_id,
            observation.value as sales_cny
        from bonus.bonus_line as line
        inner join kpi.kpi_observation as observation
            on
                line.period_id = observation.period_id
                and line.agent_id = observation.agent_id
                and observation.kpi_id = 'sales_amount'
        where line.mechanism = 'commission' and line.amount_cny <> 0
    ) as attainment
    group by attainment.period_id
)

select
    pay.period_id as subject,
    case
        when pay.agent_count >= {min_agents} and pay.total_cny > 0
            then round(coalesce(pay.award_cny, 0) / pay.total_cny, 2)
    end as award_share,
    case
        when pay.agent_count >= {min_agents} and pay.total_cny > 0
            then round(coalesce(pay.adjusted_cny, 0) / pay.total_cny, 2)
    end as adjusted_share,
    case
        when pay.commissioned_count >= {min_agents} and sale.sales_cny > 0
            then round(pay.commission_cny / sale.sales_cny, 4)
    end as commission_rate
from pay
left join sale
    on pay.period_id = sale.period_id
