-- line of open and settled periods, adjustments
-- in: bonus.bonus_line
with open_month as (
    select period_id, period_kind from {facts.dim_period}
    where period_kind = 'month' and starts_on > (
        select max(ends_on) from {facts.dim_period}
        where period_kind = 'month' and period_id in (select period_id from {facts.dim_settled_period})
    )
    order by starts_on limit 1
)
select *, null as adjusts_bonus_line_id from {bonus.bonus_line_computed}
where period_id not in (select period_id from {facts.dim_settled_period})
union all by name
select * from {facts.fct_settled_line}
union all by name
select concat_ws(':', month.period_id, correction.agent_id, 'adjustment', bonus_line_id)
    as bonus_line_id,
    month.period_id || ':' || correction.agent_id as bonus_id, month.period_kind, month.period_id,
    correction.agent_id, correction.scheme_id, correction.component_id, 'adjustment' as mechanism,
    correction.pay_kind, 1 as segment_no, row_number() over (
        partition by correction.agent_id order by bonus_line_id
    ) + coalesce(last.line_no, 0) as line_no,
    'adjustment of ' || correction.period_id || ': ' || correction.line_label as line_label,
    correction.period_id || ' 调整：' || correction.line_label_zh as line_label_zh,
    owed_cny as quantity, 'cny' as quantity_unit, 1 as rate, 1 as day_count, 1 as period_day_count,
    owed_cny as amount_cny, 'PR-04' as clause_id, correction.value_origin,
    'bonus_correction' as input_model, bonus_line_id as input_key,
    bonus_line_id as adjusts_bonus_line_id
from {bonus.bonus_correction} as correction cross join open_month as month
left join (
    select bonus_id, max(line_no) as line_no from {bonus.bonus_line_computed} group by all
) as last on last.bonus_id = month.period_id || ':' || correction.agent_id
where owed_cny <> 0
