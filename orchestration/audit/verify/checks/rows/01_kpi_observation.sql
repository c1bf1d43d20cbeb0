-- observation = sum of evidence
-- in: kpi.kpi_observation
with monthly as (
    select agent_id, month_id, kpi_id, sum(numerator) filter (is_counted) as numerator,
        sum(denominator) filter (is_counted) as denominator,
        count_if(not is_counted and exclusion_reason is distinct from 'pending') as set_aside_count,
        count_if(not is_counted and exclusion_reason = 'pending') as pending_count
    from {kpi.kpi_evidence} group by all
),
total as (
    select agent_id, period_id, kpi_id, sum(numerator) as numerator, sum(denominator) as denominator,
        sum(set_aside_count) as set_aside_count, sum(pending_count) as pending_count
    from monthly inner join {facts.dim_period_month} using (month_id) group by all
),
observed as (
    select place.agent_id, place.period_id, policy.kpi_id, period.has_ended,
        policy.aggregation = 'sum' as is_sum, coalesce(numerator, 0) as numerator,
        case when is_sum then 1 else coalesce(denominator, 0) end as denominator,
        coalesce(set_aside_count, 0) as set_aside_count, coalesce(pending_count, 0) as pending_count
    from {facts.dim_agent_period} as place
    inner join {facts.dim_period} as period using (period_id)
    inner join {policy.policy_kpi_period} as policy using (period_id)
    left join total using (agent_id, period_id, kpi_id)
    where (period_id, 'kpi', policy.kpi_id) not in (
        select (period_id, subject_kind, subject_id) from {policy.policy_absent_export}
    )
)
select agent_id, period_id, kpi_id, numerator, denominator, set_aside_count, pending_count,
    exact_ratio(numerator, denominator) as value,
    maturity_of(has_ended and pending_count = 0) as maturity
from observed
where is_sum or denominator > 0 or set_aside_count > 0 or pending_count > 0
