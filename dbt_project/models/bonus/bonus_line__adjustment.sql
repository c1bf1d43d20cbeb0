-- Grain: one settled line that is corrected, in the next open month (PR-04).

with

-- Months before the register that came with older exports are open as well: they are not what comes next.
last_settled as (
    select max(period.ends_on) as ends_on
    from {{ ref('dim_period') }} as period
    inner join {{ ref('dim_settled_period') }} as settled
        on period.period_id = settled.period_id
    where period.period_kind = 'month'
),

open_month as (
    select
        period.period_id,
        period.period_kind,
        row_number() over (order by period.starts_on asc nulls last) as month_order
    from {{ ref('dim_period') }} as period
    cross join last_settled
    where period.period_kind = 'month' and period.starts_on > last_settled.ends_on
)

select
    open_month.period_id || ':' || correction.agent_id || ':adjustment:' || correction.bonus_line_id as bonus_line_id,
    open_month.period_id || ':' || correction.agent_id as bonus_id,
    open_month.period_kind,
    open_month.period_id,
    correction.agent_id,
    correction.scheme_id,
    correction.component_id,
    'adjustment' as mechanism,
    correction.pay_kind,
    cast(
        row_number() over (
            partition by correction.agent_id order by correction.bonus_line_id asc nulls last
        ) + coalesce(last_line.line_no, 0) as bigint
    ) as line_no,
    cast(1 as bigint) as segment_no,
    'adjustment of ' || correction.period_id || ': ' || correction.line_label as line_label,
    correction.period_id || ' 调整：' || correction.line_label_zh as line_label_zh,
    cast(correction.owed_cny as decimal(18, 6)) as quantity,
    'cny' as quantity_unit,
    cast(1 as decimal(18, 8)) as rate,
    cast(1 as bigint) as day_count,
    cast(1 as bigint) as period_day_count,
    correction.owed_cny as amount_cny,
    'PR-04' as clause_id,
    correction.value_origin,
    'bonus_correction' as input_model,
    correction.bonus_line_id as input_key,
    correction.bonus_line_id as adjusts_bonus_line_id
from {{ ref('bonus_correction') }} as correction
inner join open_month
    on open_month.month_order = 1
left join (
    select
        bonus_id,
        max(line_no) as line_no
    from {{ ref('bonus_line_computed') }}
    group by bonus_id
) as last_line
    on open_month.period_id || ':' || correction.agent_id = last_line.bonus_id
where correction.owed_cny <> 0
