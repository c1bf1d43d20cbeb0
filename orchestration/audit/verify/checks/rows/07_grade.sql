-- rank among all of the cohort
-- in: grade.grade
with candidate as (
    select score.*, scheme.min_group_size, concat_ws(':', score.scheme_id,
        case cohort_scope when 'role' then coalesce(role, '') else '*' end, score.period_id)
            as cohort_id
    from {score.score} as score
    inner join {policy.policy_scheme} as scheme using (period_id, scheme_id)
    where (period_id, scheme_id) in (select (period_id, scheme_id) from {policy.policy_grade_band})
)
select agent_id, period_id, cohort_id,
    case when total_score is null then 0 else count(total_score) over cohort end as cohort_size,
    case when total_score is not null then
        rank() over (partition by cohort_id order by total_score desc nulls last) end as rank,
    case when rank is null then null when cohort_size >= min_group_size and (period_id, scheme_id) in
        (
        select (period_id, scheme_id) from {policy.policy_grade_band} where method = 'forced'
    ) then 'forced' else 'absolute' end as method
from candidate window cohort as (partition by cohort_id)
