-- grade at the place settled with, where only others moved
-- in: grade.grade_unmoved
with forced as (
    select distinct period_id, scheme_id, true as has_shares from {policy.policy_grade_band}
    where method = 'forced'
),
placed as (
    select settled.* exclude (grade), today.grade as moved_grade,
        case when settled.rank is null then null
            when has_shares and settled.cohort_size >= min_group_size then 'forced'
            else 'absolute' end as method
    from {facts.fct_settled_score} as settled
    inner join {grade.grade} as today using (agent_id, period_id, cohort_id, total_score)
    inner join {policy.policy_scheme} as scheme
        on settled.period_id = scheme.period_id and settled.scheme_id = scheme.scheme_id
    left join forced
        on settled.period_id = forced.period_id and settled.scheme_id = forced.scheme_id
)
select agent_id, placed.period_id, placed.cohort_id, cohort_size, rank, placed.method,
    band.grade as unmoved_grade, moved_grade
from placed left join {policy.policy_grade_band} as band
    on placed.period_id = band.period_id and placed.scheme_id = band.scheme_id
    and placed.method = band.method and case placed.method
        when 'forced' then rank - 1 < band.cumulative_share * cohort_size
        else coalesce(total_score >= band.min_score, true) end
qualify row_number() over (partition by agent_id, placed.period_id order by band.band_no) = 1
    and band.grade is distinct from moved_grade
