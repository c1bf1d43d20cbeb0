-- Grain: one component with a rate table: its largest factor and amount, over all periods.

select
    component_id as subject,
    cast(max(abs(rate)) as double) as top_rate,
    cast(max(abs(amount_cny)) as double) as top_amount_cny
from policy.policy_component_rate
group by component_id
