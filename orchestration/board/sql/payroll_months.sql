-- Grain: one period, one kind of pay: what is paid.
select
    period_kind, period_id,
    case when adjusts_bonus_line_id is not null then 'adjustment' else pay_kind end as kind,
    sum(amount_cny) as amount_cny, count(distinct agent_id) as agent_count
from bonus.bonus_line
group by all
order by period_kind, period_id, kind
