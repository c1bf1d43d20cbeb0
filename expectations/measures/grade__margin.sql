-- Grain: one plan: cut-offs of its newest ended month that fall between two agents closer than one row is worth.

with

month as (
    select max(period_id) as period_id
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

-- Neighbours in a group: the last of a grade and the first of the next; what one row takes from the upper one or adds
-- to the lower one. With the same total the lower one has the better grade; the upper one loses it only below it.
neighbour as (
    select
        margin.scheme_id,
        margin.method,
        margin.grade,
        lead(margin.grade) over neighbours as next_grade,
        margin.total_score - lead(margin.total_score) over neighbours as gap,
        coalesce(margin.row_points_down, 0) as points_down,
        coalesce(lead(margin.row_points_up) over neighbours, 0) as next_points_up
    from marts.mart_grade_margin as margin
    inner join month
        on margin.period_id = month.period_id
    window neighbours as (
        partition by margin.cohort_id order by margin.total_score desc, margin.agent_id
    )
)

select
    scheme_id as subject,
    count_if(method = 'forced' and grade <> next_grade and (gap < points_down or gap <= next_points_up))
        as close_cut_count
from neighbour
group by scheme_id
having count_if(method = 'forced') >= {min_agents}
