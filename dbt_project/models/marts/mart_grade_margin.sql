-- Grain: one agent, one period with a grade: how far the next grades are, and what one row is worth.

{# The others stay as they are. Exact changes of the inputs, with what they do to the others, are found by
   meritline sensitivity. #}

with

graded as (
    select * from {{ ref('grade') }}
    where grade is not null
),

-- The members of a group, the best first; who stands first among equals does not matter to the totals by place.
placed as (
    select
        cohort_id,
        total_score,
        row_number() over (partition by cohort_id order by total_score desc nulls last, agent_id asc nulls last)
            as place
    from graded
),

cohort as (
    select distinct
        cohort_id,
        period_id,
        scheme_id,
        method
    from graded
),

-- S-RANK: the places that forced shares leave to a grade and the better ones, and the total at the last of them.
forced_band as (
    select
        cohort.cohort_id,
        cohort.period_id,
        cohort.scheme_id,
        cohort.method,
        band.band_no,
        max(placed.place) as last_place,
        min(placed.total_score) as last_total
    from cohort
    inner join {{ ref('policy_grade_band') }} as band
        on
            cohort.period_id = band.period_id
            and cohort.scheme_id = band.scheme_id
            and cohort.method = band.method
    inner join (
        select
            *,
            count(*) over (partition by cohort_id) as cohort_size
        from placed
    ) as placed
        on
            cohort.cohort_id = placed.cohort_id
            and {{ is_within_share('placed.place', 'placed.cohort_size', 'band.cumulative_share') }}
    where cohort.method = 'forced'
    group by cohort.cohort_id, cohort.period_id, cohort.scheme_id, cohort.method, band.band_no
),

-- Where another grade begins for who has the grade `band_no`: at the total itself, or just below it.
edge as (
    select
        forced_band.cohort_id,
        forced_band.period_id,
        forced_band.scheme_id,
        forced_band.method,
        forced_band.band_no + 1 as band_no,
        true as is_better,
        forced_band.last_total as edge_total
    from forced_band
    union all
    select
        forced_band.cohort_id,
        forced_band.period_id,
        forced_band.scheme_id,
        forced_band.method,
        forced_band.band_no,
        false as is_better,
        placed.total_score as edge_total
    from forced_band
    inner join placed
        on
            forced_band.cohort_id = placed.cohort_id
            and forced_band.last_place + 1 = placed.place
    union all
    select
        cohort.cohort_id,
        cohort.period_id,
        cohort.scheme_id,
        cohort.method,
        band.band_no + way.step as band_no,
        way.is_better,
        band.min_score as edge_total
    from cohort
    inner join {{ ref('policy_grade_band') }} as band
        on
            cohort.period_id = band.period_id
            and cohort.scheme_id = band.scheme_id
            and cohort.method = band.method
    cross join (
        select
            1 as step,
            true as is_better
        union all
        select
            0 as step,
            false as is_better
    ) as way
    where cohort.method = 'absolute' and band.min_score is not null
),

-- Who moves to an edge stands behind those above it, and behind its equals when just below it.
edge_place as (
    select
        edge.cohort_id,
        edge.period_id,
        edge.scheme_id,
        edge.method,
        edge.band_no,
        edge.is_better,
        edge.edge_total,
        count(
            case
                when
                    placed.total_score > edge.edge_total
                    or (not edge.is_better and placed.total_score = edge.edge_total)
                    then 1
            end
        )
        + case when edge.is_better then 1 else 0 end as edge_rank,
        count(*) as cohort_size
    from edge
    inner join placed
        on edge.cohort_id = placed.cohort_id
    group by
        edge.cohort_id,
        edge.period_id,
        edge.scheme_id,
        edge.method,
        edge.band_no,
        edge.is_better,
        edge.edge_total
),

edge_grade as (
    select
        edge_place.cohort_id,
        edge_place.band_no,
        edge_place.is_better,
        edge_place.edge_total,
        min(band.band_no) as edge_band_no
    from edge_place
    inner join {{ ref('policy_grade_band') }} as band
        on
            edge_place.period_id = band.period_id
            and edge_place.scheme_id = band.scheme_id
            and edge_place.method = band.method
            and (
                (
                    band.method = 'forced'
                    and {{ is_within_share('edge_place.edge_rank', 'edge_place.cohort_size', 'band.cumulative_share') }}
                )
                or (
                    band.method = 'absolute'
                    and (
                        band.min_score is null
                        or band.min_score < edge_place.edge_total
                        or (edge_place.is_better and band.min_score = edge_place.edge_total)
                    )
                )
            )
    group by edge_place.cohort_id, edge_place.band_no, edge_place.is_better, edge_place.edge_total
),

-- What the rows of a KPI add, at the least and at the most: one of those moves its value furthest.
row_of_period as (
    select
        row_extreme.agent_id,
        period_month.period_id,
        row_extreme.kpi_id,
        row_extreme.denominator,
        min(row_extreme.least_numerator) as least,
        max(row_extreme.most_numerator) as most
    from {{ ref('kpi_row_extreme') }} as row_extreme
    inner join {{ ref('dim_period_month') }} as period_month
        on row_extreme.month_id = period_month.month_id
    group by row_extreme.agent_id, period_month.period_id, row_extreme.kpi_id, row_extreme.denominator
),

extreme as (
    select
        agent_id,
        period_id,
        kpi_id,
        denominator,
        least as numerator
    from row_of_period
    union
    select
        agent_id,
        period_id,
        kpi_id,
        denominator,
        most as numerator
    from row_of_period
),

-- The line without one of its rows; a row without which the sample is too small is not valued.
without_row as (
    select
        line.agent_id,
        line.period_id,
        line.kpi_id,
        line.points as scored_points,
        line.effective_weight,
        line.floor_value,
        line.target_value,
        line.stretch_value,
        case when line.target_value >= line.floor_value then 1 else -1 end as orientation,
        convention.target_points,
        convention.stretch_points,
        {{ ratio(
            'line.numerator - extreme.numerator',
            "case when definition.aggregation = 'sum' then 1 else line.denominator - extreme.denominator end"
        ) }} as value_without
    from {{ ref('score_line') }} as line
    inner join extreme
        on
            line.agent_id = extreme.agent_id
            and line.period_id = extreme.period_id
            and line.kpi_id = extreme.kpi_id
    inner join {{ ref('policy_kpi_period') }} as definition
        on
            line.period_id = definition.period_id
            and line.kpi_id = definition.kpi_id
    inner join {{ ref('policy_convention') }} as convention
        on line.period_id = convention.period_id
    inner join {{ ref('score_place') }} as place
        on
            line.agent_id = place.agent_id
            and line.period_id = place.period_id
    inner join {{ ref('policy_score_kpi') }} as scored
        on
            line.period_id = scored.period_id
            and line.scheme_id = scored.scheme_id
            and line.block = scored.block
            and line.kpi_id = scored.kpi_id
            and (scored.role = place.role or scored.role = '*')
    where
        line.is_scored
        and (
            definition.aggregation = 'sum'
            or line.denominator - extreme.denominator >= greatest(scored.min_sample, 1)
        )
),

repointed as (
    select
        *,
        {{ curve_points('value_without') }} as points_without
    from without_row
),

stepped as (
    select
        repointed.agent_id,
        repointed.period_id,
        repointed.kpi_id,
        {{ points(
            'cast(cast(repointed.points_without - repointed.scored_points as decimal(20, 4))'
            ~ ' * cast(repointed.effective_weight as decimal(14, 12)) as decimal(20, 8))'
            ~ ' * cast((1 - score.supervisor_share) as decimal(8, 6))'
            ~ ' * cast((1 - score.collaboration_share) as decimal(8, 6))'
        ) }} as step
    from repointed
    inner join {{ ref('score') }} as score
        on
            repointed.agent_id = score.agent_id
            and repointed.period_id = score.period_id
),

largest as (
    select
        agent_id,
        period_id,
        kpi_id,
        step,
        row_number() over (
            partition by agent_id, period_id
            order by abs(step) desc nulls last, kpi_id asc nulls last, step desc nulls last
        ) as place
    from stepped
),

worth as (
    select
        agent_id,
        period_id,
        max(case when place = 1 and step <> 0 then kpi_id end) as row_kpi_id,
        {{ points('greatest(max(step), 0)') }} as row_points_up,
        {{ points('greatest(-min(step), 0)') }} as row_points_down
    from largest
    group by agent_id, period_id
),

margin as (
    select
        graded.period_kind,
        graded.period_id,
        graded.agent_id,
        graded.scheme_id,
        graded.cohort_id,
        graded.cohort_size,
        graded.rank,
        graded.method,
        graded.grade,
        graded.total_score,
        graded.maturity,
        better_band.grade as better_grade,
        {{ points('better.edge_total - graded.total_score') }} as points_to_better,
        worse_band.grade as worse_grade,
        {{ points('graded.total_score - worse.edge_total') }} as points_to_worse
    from graded
    left join edge_grade as better
        on
            graded.cohort_id = better.cohort_id
            and graded.band_no = better.band_no
            and better.is_better
    left join {{ ref('policy_grade_band') }} as better_band
        on
            graded.period_id = better_band.period_id
            and graded.scheme_id = better_band.scheme_id
            and graded.method = better_band.method
            and better.edge_band_no = better_band.band_no
    left join edge_grade as worse
        on
            graded.cohort_id = worse.cohort_id
            and graded.band_no = worse.band_no
            and not worse.is_better
    left join {{ ref('policy_grade_band') }} as worse_band
        on
            graded.period_id = worse_band.period_id
            and graded.scheme_id = worse_band.scheme_id
            and graded.method = worse_band.method
            and worse.edge_band_no = worse_band.band_no
)

select
    margin.period_kind,
    margin.period_id,
    margin.agent_id,
    margin.scheme_id,
    margin.cohort_id,
    margin.cohort_size,
    margin.rank,
    margin.method,
    margin.grade,
    margin.total_score,
    margin.better_grade,
    margin.points_to_better,
    margin.worse_grade,
    margin.points_to_worse,
    worth.row_points_up,
    worth.row_points_down,
    worth.row_kpi_id,
    coalesce(margin.points_to_better <= worth.row_points_up, false)
    or coalesce(margin.points_to_worse < worth.row_points_down, false) as is_within_one_row,
    margin.maturity
from margin
left join worth
    on
        margin.agent_id = worth.agent_id
        and margin.period_id = worth.period_id
