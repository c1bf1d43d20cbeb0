-- Grain: one agent in the newest period, with the place in the cohort and what the next better grade takes.
with

place as (
    select
        grade.agent_id, grade.period_id, grade.cohort_id, grade.scheme_id, grade.method, grade.band_no, grade.grade,
        grade.total_score
    from grade.grade
    inner join focus using (agent_id, period_id)
    where grade.grade is not null
),

-- The lowest total that is in a better grade, of the others (a tie shares the rank) or of a band that has a lowest score.
better as (
    select place.agent_id, min(other.total_score) as total_score
    from place
    inner join grade.grade as other
        on place.cohort_id = other.cohort_id and other.band_no < place.band_no and place.method = 'forced'
    group by place.agent_id
    union all
    select place.agent_id, min(band.min_score)
    from place
    inner join policy.policy_grade_band as band
        on
            place.period_id = band.period_id
            and place.scheme_id = band.scheme_id
            and place.method = band.method
            and band.band_no < place.band_no
            and place.method = 'absolute'
    group by place.agent_id
),

reached as (
    select place.agent_id, better.total_score as needed, min(other.band_no) as band_no
    from place
    inner join better using (agent_id)
    left join grade.grade as other
        on place.cohort_id = other.cohort_id and other.total_score = better.total_score and place.method = 'forced'
    group by all
),

next_band as (
    select
        place.agent_id, reached.needed,
        coalesce(
            max(band.grade) filter (where band.band_no = reached.band_no),
            arg_max(band.grade, band.min_score) filter (where band.min_score <= reached.needed)
        ) as grade
    from place
    inner join reached using (agent_id)
    inner join policy.policy_grade_band as band
        on place.period_id = band.period_id and place.scheme_id = band.scheme_id and place.method = band.method
    group by all
),

best as (
    select place.agent_id, place.band_no = min(band.band_no) as is_best
    from place
    inner join policy.policy_grade_band as band
        on place.period_id = band.period_id and place.scheme_id = band.scheme_id and place.method = band.method
    group by place.agent_id, place.band_no
)

select
    focus.agent_id, focus.agent_name, focus.period_id, focus.total_score, focus.score_status, focus.rank, focus.cohort_size,
    focus.grade, focus.role, focus.scheme_id, plan.name_zh, plan.name_en, team.team_name, place.cohort_id,
    focus.maturity, next_band.needed, next_band.grade as next_grade, best.is_best
from focus
left join place using (agent_id)
left join next_band using (agent_id)
left join best using (agent_id)
left join marts.dim_team as team on focus.team_id = team.team_id and team.team_id <> ''
left join policy.policy_scheme as plan on focus.scheme_id = plan.scheme_id and focus.period_id = plan.period_id
order by focus.agent_id
