-- Grain: one component with a rate table: bands that leave a gap or overlap, over all periods.

with

band as (
    select
        *,
        lag(upper_bound) over (
            partition by period_id, component_id, rate_key order by lower_bound
        ) as end_before,
        row_number() over (partition by period_id, component_id, rate_key order by lower_bound) as band_no
    from policy.policy_component_rate
)

select
    component_id as subject,
    count_if(band_no > 1 and end_before is distinct from lower_bound) as broken_band_count,
    cast(max(abs(rate)) as double) as top_rate,
    cast(max(abs(amount_cny)) as double) as top_amount_cny
from band
group by component_id
