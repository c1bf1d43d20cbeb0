-- rules of plans as they stand
-- in: policy.policy_scheme_rule
select period_id, scheme_id, parameter, value as text_value,
    try_cast(value as decimal(18, 6)) as value,
    cast(effective_from as date) as effective_from_on, clause_id, value_origin
from in_force_scheme_rule
