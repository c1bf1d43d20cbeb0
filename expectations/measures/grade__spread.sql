-- Grain: one plan: how the grades of its newest ended month spread, and how far they moved in a month.

with

month as (
    select
        period_id,
        row_number() over (order by starts_on desc) as newest_no
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

graded as (
    select
        grade.*,
        month.newest_no
    from grade.grade as grade
    inner join month
        on grade.period_id = month.period_id
    where month.newest_no <= 2 and grade.band_no is not null
),

band as (
    select
        period_id,
        scheme_id,
        max(share) filter (where band_no = 1) as best_share,
        max(1 - (cumulative_share - share)) filter (where band_no = last_band_no) as worst_share,
        max(last_band_no) as last_band_no
    from (
        select
            *,
            max(band_no) over (partition by period_id, scheme_id, method) as last_band_no
        from policy.policy_grade_band
        where method = 'forced'
    )
    group by period_id, scheme_id
),

forced as (
    select
        graded.scheme_id,
        count(*) as agent_count,
        count_if(graded.band_no = 1) / count(*) - any_value(band.best_share) as best_excess,
        count_if(graded.band_no = band.last_band_no) / count(*) - any_value(band.worst_share) as worst_excess
    from graded
    inner join band
        on
            graded.period_id = band.period_id
            and graded.scheme_id = band.scheme_id
    where graded.newest_no = 1 and graded.method = 'forced'
    group by graded.scheme_id
),

tie as (
    select
        scheme_id,
        max(tied_count / cohort_size) as tie_share
    from (
        select
            scheme_id,
            cohort_id,
            cohort_size,
            count(*) as tied_count
        from graded
        where newest_no = 1 and cohort_size >= {min_agents}
        group by scheme_id, cohort_id, cohort_size, total_score
    )
    group by scheme_id
),

moved as (
    select
        newest.scheme_id,
        count(*) as agent_count,
        count_if(abs(newest.band_no - before.band_no) >= {far_bands}) / count(*) as far_share
    from graded as newest
    inner join graded as before
        on
            newest.agent_id = before.agent_id
            and newest.scheme_id = before.scheme_id
            and before.newest_no = 2
    where newest.newest_no = 1
    group by newest.scheme_id
)

select
    plan.scheme_id as subject,
    case when forced.agent_count >= {min_agents} then forced.best_excess end as best_excess,
    case when forced.agent_count >= {min_agents} then forced.worst_excess end as worst_excess,
    tie.tie_share,
    case when moved.agent_count >= {min_agents} then moved.far_share end as far_move_share
from (
    select distinct scheme_id from graded where newest_no = 1
) as plan
left join forced
    on plan.scheme_id = forced.scheme_id
left join tie
    on plan.scheme_id = tie.scheme_id
left join moved
    on plan.scheme_id = moved.scheme_id
