-- points deducted = their sum
-- in: bonus.bonus_coefficient
select coefficient.agent_id, coefficient.period_id, coefficient.component_id,
    case when coalesce(bool_and(deduction.deduction_points is not null) filter (source is not null),
        true)
        then coalesce(sum(deduction.deduction_points), 0) end as deduction_points
from {bonus.bonus_coefficient} as coefficient
left join {bonus.bonus_deduction} as deduction using (agent_id, period_id, scheme_id) group by all
