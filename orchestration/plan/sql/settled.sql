-- Settled periods: what the register pays and keeps paying, and what the calculation beside it comes to now and
-- under the planned policy.
with computed as (
    select
        bonus_line_id,
        coalesce(one.period_id, other.period_id) as period_id,
        one.amount_cny as before_cny,
        other.amount_cny as after_cny
    from a.bonus.bonus_line_computed as one
    full outer join b.bonus.bonus_line_computed as other using (bonus_line_id)
),
paid as (
    select period_id, sum(before_cny) as paid_cny from planned where is_settled group by period_id
)
select
    chosen.period_id,
    cast(coalesce(any_value(paid.paid_cny), 0) as decimal(18, 2)) as paid_cny,
    cast(coalesce(sum(before_cny), 0) as decimal(18, 2)) as before_cny,
    cast(coalesce(sum(after_cny), 0) as decimal(18, 2)) as after_cny,
    count(*) filter (where before_cny is distinct from after_cny) as line_count
from chosen
left join computed using (period_id)
left join paid using (period_id)
where chosen.is_settled
group by chosen.period_id
order by chosen.period_id
