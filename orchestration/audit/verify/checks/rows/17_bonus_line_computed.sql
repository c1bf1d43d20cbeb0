-- line = of what is due, in its order
-- in: bonus.bonus_line_computed
select beginning || item as bonus_line_id,
    due.period_id || ':' || due.agent_id as bonus_id, due.component_label_zh as line_label_zh,
    row_number() over (
        partition by due.agent_id, due.period_id
        order by due.component_line_no, due.component_id, due.segment_no, item
    ) as line_no,
    -- A base that is itself paid by segment is not prorated again.
    case when is_paid_base and line.period_day_count = 1 then 1 else due.day_count end as day_count,
    case when is_paid_base and line.period_day_count = 1 then 1 else due.period_day_count end
        as period_day_count
from (
    select *, concat_ws(':', period_id, agent_id, component_id, segment_no, '') as beginning,
        substr(bonus_line_id, length(beginning) + 1) as item
    from {bonus.bonus_line_computed}
) as line
inner join {bonus.bonus_due} as due using (agent_id, period_id, component_id, segment_no)
left join (
    select distinct component_id as basis, true as is_paid_base from {bonus.bonus_base}
) as base on due.basis = base.basis
