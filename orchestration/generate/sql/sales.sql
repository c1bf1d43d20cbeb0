create table seller_day as
select
    *,
    case when role = 'pre_sales' then {c.leads_per_day}
        else {c.side_leads_per_day} end as lead_rate,
    key('seller', agent_no * 4096 + day_no) as sk
from agent_day
where is_working
    and (role = 'pre_sales'
        or scheme_id in ('sales_service', 'part_time', 'balanced_scorecard', 'level_ladder'));

create table lead as
with opened as (
    select
        s.agent_id,
        s.agent_no,
        s.day,
        s.skill,
        n,
        key('lead', (s.agent_no * 4096 + s.day_no) * 2 + n) as k
    from seller_day as s
    cross join (values (0), (1)) as r (n)
    where u(s.sk, 'lead ' || n) < s.lead_rate / (1 + n)
),
lived as (
    select
        *,
        seconds_of(day) + 9 * 3600 + pick(k, 'opened', 11 * 3600) as created_s,
        case when u(k, 'outcome') < {c.won_share} + {c.won_per_skill} * skill then 'won'
            when u(k, 'outcome') < {c.won_share} + {c.won_per_skill} * skill + {c.lost_share}
                then 'lost'
            else 'open' end as planned_stage,
        -- Most close within two weeks, some only after the 30 days that conversion allows.
        created_s + 3600 + floor(86400 * (0.08 + 12 * squared(u(k, 'closing'))
            + 30 * eighth(u(k, 'closing'))))::bigint as closing_s
    from opened
)
select
    code('D', agent_no + 1, 4) || strftime(day, '%Y%m%d') || n as lead_id,
    created_s,
    case when u(k, 'unclaimed') >= 0.01 then agent_id end as agent_id,
    code('C', pick(k, 'customer', getvariable('customers')), 9) as customer_id,
    case when closing_s < getvariable('end_s') then planned_stage else 'open' end as stage,
    case when stage <> 'open' then closing_s end as closed_s,
    (80 + floor(900 * squared(u(k, 'amount'))))::bigint * 10
        + pick(k, 'fen', 100) / 100 as amount_raw,
    amount_raw::decimal(12, 2) as amount,
    {c.required_fields} as required_fields,
    greatest(0, least({c.required_fields}, round({c.required_fields}
        * (0.86 + 0.1 * skill + 0.08 * z(k, 'fields')))))::integer
        as completed_fields,
    k
from lived;

create table "order" as
with won as (
    select 'W' || lead_id as source_id, closed_s as ordered_s, agent_id, customer_id, amount,
        'new' as kind, k
    from lead
    where stage = 'won'
),
walk_in as (
    select
        code('N', agent_no + 1, 4) || strftime(day, '%Y%m%d'),
        seconds_of(day) + 9 * 3600 + pick(sk, 'ordered', 12 * 3600),
        agent_id,
        code('C', pick(sk, 'walk-in', getvariable('customers')), 9),
        (100 + floor(1500 * squared(u(sk, 'basket'))) + pick(sk, 'basket fen', 100) / 100)
            ::decimal(12, 2),
        case when u(sk, 'walk-in kind') < 0.2 then 'repurchase' else 'new' end,
        key('walk-in', agent_no * 4096 + day_no)
    from seller_day
    where u(sk, 'walk-in order') < {c.walk_in_orders_per_day} * (1 + 0.4 * skill)
),
repurchased as (
    select
        'P' || ticket_id,
        solved_s + 3600 + pick(k, 'repurchased', 34 * 86400),
        solver_id,
        customer_id,
        (60 + floor(700 * squared(u(k, 'basket'))) + pick(k, 'basket fen', 100) / 100)
            ::decimal(12, 2),
        'repurchase',
        key('repurchase', row_no)
    from ticket
    where type_no = 1 and solved_s > created_s and solver_id is not null
        and fate in ('plain', 'reopened, solved')
        and u(k, 'repurchase') < {c.repurchase_share} + {c.repurchase_per_skill} * skill
),
placed as (
    select * from won
    union all
    select * from walk_in
    union all
    select * from repurchased
),
settled as (
    select
        'O' || source_id as order_id,
        ordered_s + case when u(k, 'order year') < 0.0005 then {c.twenty_years_seconds}
            else 0 end as ordered_s,
        ordered_s as entered_s,
        agent_id,
        customer_id,
        amount,
        kind,
        case when u(k, 'order') < 0.05 then 'refunded' when u(k, 'order') < 0.08 then 'cancelled'
            when u(k, 'order') < 0.10 then 'pending' else 'paid' end as planned_status,
        ordered_s + 43200 + pick(k, 'order settled', 20 * 86400) as settled_s,
        k
    from placed
    where ordered_s < getvariable('end_s')
)
select
    *,
    planned_status in ('refunded', 'cancelled')
        and settled_s < getvariable('end_s') as is_reexported,
    case when is_reexported or planned_status = 'pending' then planned_status
        else 'paid' end as status,
    case
        when status = 'refunded' and u(k, 'refund') < 0.5 then null
        when status = 'refunded'
            then (amount * (2 + pick(k, 'refund part', 7)) / 10)::decimal(12, 2)
        when status = 'paid' and u(k, 'refund') < 0.03 then 10.00
    end as refunded_amount,
    case when is_reexported then settled_s
        else least(getvariable('end_s') - 1, entered_s + 60) end as updated_s
from settled;

-- Targets follow what the month's sellers of a kind sell on average, so that skill decides who reaches them.
create table target as
with month_sales as (
    select
        m.agent_id,
        m.agent_no,
        m.month_id,
        m.month_no,
        m.employment,
        m.role = 'pre_sales' as is_pre_sales,
        m.k,
        coalesce(sum(o.amount) filter (where o.status = 'paid'), 0) as amount
    from agent_month as m
    join (select distinct agent_id, month_no from seller_day join calendar_day using (day_no)) as s
        using (agent_id, month_no)
    left join "order" as o on o.agent_id = m.agent_id
        and o.ordered_s >= seconds_of(m.month_first)
        and o.ordered_s < seconds_of(m.month_first) + m.month_days * 86400
    group by all
),
averaged as (
    select
        *,
        (sum(amount) over (partition by month_no, is_pre_sales, employment))
            ::decimal(18, 2) as amount_all,
        count(*) over (partition by month_no, is_pre_sales, employment) as sellers
    from month_sales
),
agreed as (
    select
        agent_id,
        month_id as period_id,
        'sales_amount' as metric,
        greatest(1000, floor((amount_all::double / sellers) * {c.target_percent} / 100
            * (0.85 + 0.3 * u(k, 'target')) / 100) * 100) as value
    from averaged
    where u(k, 'target missing') >= {c.missing_target_share}
    union all
    select
        agent_id,
        month_id,
        'contacts_served',
        greatest(5, floor(getvariable('tickets') / getvariable('months') / getvariable('agents')
            * (0.4 + 0.3 * u(k, 'contact target'))))
    from agent_month
    where was_part_time and u(k, 'target missing') >= {c.missing_target_share}
)
select agent_id, period_id, metric, value::decimal(18, 2) as value from agreed;
