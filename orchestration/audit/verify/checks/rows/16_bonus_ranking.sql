-- award of a rank = its row of the table
-- in: bonus.bonus_ranking
select ranked.period_id, ranked.component_id, subject_id, rate.lower_bound is not null as is_awarded,
    rate.lower_bound, rate.amount_cny,
    coalesce(rate.value_origin, component.value_origin) as value_origin
from {bonus.bonus_ranking} as ranked
inner join {policy.policy_component} as component
    on ranked.component_id = component.component_id and ranked.period_id = component.period_id
left join {policy.policy_component_rate} as rate on ranked.component_id = rate.component_id
    and ranked.period_id = rate.period_id and rank >= rate.lower_bound
    and coalesce(rank < rate.upper_bound, true)
