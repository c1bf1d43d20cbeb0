-- group observation = sum of evidence
-- in: kpi.kpi_group_observation
with monthly as (
    select team_id, department, month_id, kpi_id, is_counted, sum(numerator) as numerator,
        sum(denominator) as denominator
    from {kpi.kpi_evidence} where is_counted_for_centre group by all
),
grouped as (
    select 'team' as group_kind, coalesce(team_id, '') as group_id, * from monthly where is_counted
    union all
    select 'department', coalesce(department, ''), * from monthly where is_counted
    union all
    select 'centre', 'centre', * from monthly
),
total as (
    select group_kind, group_id, period_id, kpi_id, sum(grouped.numerator) as numerator,
        case when any_value(aggregation) = 'sum' then 1 else sum(grouped.denominator) end
            as denominator
    from grouped
    inner join {facts.dim_period_month} using (month_id)
    inner join {policy.policy_kpi_period} as policy using (period_id, kpi_id)
    where (period_id, 'kpi', kpi_id) not in (
        select (period_id, subject_kind, subject_id) from {policy.policy_absent_export}
    )
    group by group_kind, group_id, period_id, kpi_id
)
select *, exact_ratio(numerator, denominator) as value from total
