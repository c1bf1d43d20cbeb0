-- conventions
-- in: policy.policy_convention
select period_id, number_of(rule.parameter, rule.value, 'curve_target_points') as target_points,
    number_of(rule.parameter, rule.value, 'curve_stretch_points') as stretch_points
from in_force_convention as rule
group by all
