-- Grain: one monthly component: whether it stopped paying while still in force.

with

month as (
    select
        period_id,
        row_number() over (order by starts_on desc) as newest_no
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

paid as (
    select
        component.component_id,
        month.newest_no,
        count(line.bonus_line_id) as line_count
    from policy.policy_component as component
    inner join month
        on component.period_id = month.period_id
    left join bonus.bonus_line as line
        on
            component.component_id = line.component_id
            and component.period_id = line.period_id
            and line.amount_cny <> 0
    where component.period_kind = 'month' and month.newest_no <= {history_months} + 1
    group by component.component_id, month.newest_no
)

select
    component_id as subject,
    case
        when count_if(newest_no > 1) >= {min_months} and min(line_count) filter (where newest_no > 1) >= {min_lines}
            then cast(sum(line_count) filter (where newest_no = 1) = 0 as integer)
    end as has_stopped
from paid
group by component_id
having count_if(newest_no = 1) = 1
