-- a line has the clause of its component or of a row of its tables
-- in: bonus.bonus_line_computed
select 'bonus_line_id=' || bonus_line_id as key, 'rests on a clause of neither' as problem
from {bonus.bonus_line_computed} as line
anti join (
    select component_id, period_id, clause_id from {policy.policy_component}
    union all
    select component_id, period_id, clause_id from {policy.policy_component_rate}
    union all
    select due.component_id, due.period_id, coefficient.clause_id
    from {bonus.bonus_due} as due
    inner join {bonus.bonus_coefficient} as coefficient using (agent_id, period_id, scheme_id)
) as known using (component_id, period_id, clause_id)
