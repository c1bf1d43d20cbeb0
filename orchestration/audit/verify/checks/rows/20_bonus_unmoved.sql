-- line at the place settled with, where only others moved
-- in: bonus.bonus_unmoved
with multiplied as (
    select due.*, coalesce(millionths(
            case due.basis when 'base_salary' then base_salary_cny else base.value end
        ) * cast(rate.rate * 100000000 as hugeint) * day_count, 0) as product,
        cents(product, period_day_count) as own_cents,
        segment_no = max(segment_no) over component as is_last,
        cents(sum(product) over component, period_day_count) - sum(own_cents) over component
            as left_cents
    from {bonus.bonus_due} as due
    inner join {grade.grade_unmoved} as moved using (agent_id, period_id, scheme_id)
    inner join {policy.policy_component} as component on due.component_id = component.component_id
        and due.period_id = component.period_id and key_attribute = 'grade'
    left join {policy.policy_component_rate} as rate on due.component_id = rate.component_id
        and due.period_id = rate.period_id and rate.rate_key = moved.unmoved_grade
    left join {policy.policy_component_parameter} as base on due.component_id = base.component_id
        and due.period_id = base.period_id and base.parameter = due.basis
    window component as (partition by due.agent_id, due.period_id, due.component_id)
)
select concat_ws(':', period_id, agent_id, component_id, segment_no, '') as bonus_line_id, period_id,
    agent_id, component_id, own_cents + case when is_last then left_cents else 0 end as amount_cny
from multiplied
union all
select concat_ws(':', today.period_id, subject_id, today.component_id, 1, ''), today.period_id,
    subject_id, today.component_id, coalesce(rate.amount_cny, 0)
from {facts.fct_settled_ranking} as settled
inner join {bonus.bonus_ranking} as today using (period_id, component_id, scope_id, ranked_value)
inner join {policy.policy_award} as award using (period_id, component_id)
left join {policy.policy_component_rate} as rate on today.component_id = rate.component_id
    and today.period_id = rate.period_id and settled.rank >= rate.lower_bound
    and coalesce(settled.rank < rate.upper_bound, true)
where settled.agent_id = today.subject_id and today.subject = 'agent' and settled.rank <> today.rank
    and settled.tie_break_1 is not distinct from today.tie_break_1
    and settled.tie_break_2 is not distinct from today.tie_break_2
    and (gain is null or settled.case_count = today.case_count)
