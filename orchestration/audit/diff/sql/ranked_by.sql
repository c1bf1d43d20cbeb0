-- Candidates of awards and the KPIs that rank them or settle their ties, in either; of an award by attainment what is
-- to be attained.
select distinct
    ranking.subject_id, unnest([award.basis, award.tie_break_1, award.tie_break_2, metric.text_value])
from (from a.bonus.bonus_ranking union all by name from b.bonus.bonus_ranking) as ranking
inner join (from a.policy.policy_award union all by name from b.policy.policy_award) as award
    using (period_id, component_id)
left join (
    from a.policy.policy_component_parameter union all by name from b.policy.policy_component_parameter
) as metric
    on
        award.period_id = metric.period_id and award.component_id = metric.component_id
        and metric.parameter = 'metric'
