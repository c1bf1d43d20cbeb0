-- points deducted by reviews and by bands of KPIs on the own days
-- in: bonus.bonus_deduction
-- of: deduction_points is not null
with due as (
    select due.* from {bonus.bonus_due} as due
    where (component_id, period_id) in (select (component_id, period_id)
        from {bonus.bonus_deduction})
),
reviewed as (
    select agent_id, period_id, component_id, sum(quantity) as points from {own_event}
    where event_kind in (
        select event_kind from {bonus.bonus_evidence} where evidence_model = 'fct_quality_review'
    ) group by all
),
observed as (
    select agent_id, period_id, component_id, kpi_id, sum(numerator) as n,
        case when is_sum then 1 else sum(denominator) end as d
    from {bonus.bonus_own_observation} group by agent_id, period_id, component_id, kpi_id, is_sum
)
select agent_id, period_id, component_id, 'quality_review' as source,
    coalesce(points, 0) as deduction_points, null as kpi_value, null as lower_bound
from due left join reviewed using (agent_id, period_id, component_id)
union all
select agent_id, period_id, component_id, kpi_id, rate.rate, exact_ratio(n, d), rate.lower_bound
from due inner join observed using (agent_id, period_id, component_id)
inner join {policy.policy_component_rate} as rate using (component_id, period_id)
where kpi_id = rate.rate_key and d > 0
    and is_in_band(millionths(n), d, rate.lower_bound, rate.upper_bound, band_side = 'upper',
        is_first_band)
