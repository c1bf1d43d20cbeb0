-- Grain: one kind of period: grades that do not follow from their scores and bands.

with

ranked as (
    select
        *,
        rank() over (partition by cohort_id order by total_score desc) as true_rank,
        count(*) over (partition by cohort_id) as true_size
    from grade.grade
    where total_score is not null
),

-- The better neighbour's grade may not be the worse one: in order of score, band numbers never fall.
neighbour as (
    select
        *,
        max(band_no) over (
            partition by cohort_id order by total_score desc range between unbounded preceding and current row
        ) as worst_band_above,
        min(band_no) over (partition by cohort_id, total_score) as best_band_of_ties,
        max(band_no) over (partition by cohort_id, total_score) as worst_band_of_ties
    from ranked
),

due as (
    select
        neighbour.agent_id,
        neighbour.period_id,
        min(band.band_no) as band_no
    from neighbour
    inner join policy.policy_grade_band as band
        on
            neighbour.period_id = band.period_id
            and neighbour.scheme_id = band.scheme_id
            and neighbour.method = band.method
    where
        (
            neighbour.method = 'forced'
            and neighbour.true_rank - 1 < band.cumulative_share * neighbour.true_size
        )
        or (
            neighbour.method = 'absolute'
            and (band.min_score is null or neighbour.total_score >= band.min_score)
        )
    group by neighbour.agent_id, neighbour.period_id
)

select
    neighbour.period_kind as subject,
    count_if(neighbour.rank is distinct from neighbour.true_rank) as wrong_rank_count,
    count_if(neighbour.cohort_size is distinct from neighbour.true_size) as wrong_size_count,
    count_if(neighbour.grade is null) as ungraded_count,
    case
        when bool_or(neighbour.method = 'forced')
            then count_if(neighbour.method = 'forced' and neighbour.band_no is distinct from due.band_no)
    end as off_share_count,
    case
        when bool_or(neighbour.method = 'absolute')
            then count_if(neighbour.method = 'absolute' and neighbour.band_no is distinct from due.band_no)
    end as off_band_count,
    count_if(
        neighbour.band_no < neighbour.worst_band_above or neighbour.best_band_of_ties <> neighbour.worst_band_of_ties
    ) as inverted_count,
    case
        when bool_or(neighbour.method = 'forced')
            then count_if(neighbour.method = 'forced' and neighbour.true_size < scheme.min_group_size)
    end as small_cohort_count
from neighbour
inner join policy.policy_scheme as scheme
    on
        neighbour.period_id = scheme.period_id
        and neighbour.scheme_id = scheme.scheme_id
left join due
    on
        neighbour.agent_id = due.agent_id
        and neighbour.period_id = due.period_id
group by neighbour.period_kind
