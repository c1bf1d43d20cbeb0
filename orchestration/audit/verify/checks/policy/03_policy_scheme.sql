-- rules of plans, and what holds where the policy says nothing
-- in: policy.policy_scheme
select scheme.period_id, scheme.scheme_id, scheme.name_en, scheme.name_zh,
    number_of(rule.parameter, rule.value, 'supervisor_share') as supervisor_share,
    number_of(rule.parameter, rule.value, 'collaboration_share') as collaboration_share,
    number_of(rule.parameter, rule.value, 'min_group_size') as min_group_size,
    number_of(rule.parameter, rule.value, 'min_service_share') as min_service_share,
    coalesce(max(rule.value) filter (rule.parameter = 'cohort_scope'), 'role') as cohort_scope,
    coalesce(max(rule.value) filter (rule.parameter = 'ranking_correction'), 'held_harmless')
        as ranking_correction
from in_force_scheme as scheme
left join in_force_scheme_rule as rule using (period_id, scheme_id)
group by all
