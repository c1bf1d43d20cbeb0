-- Grain: one agent or team, one period, one consequence of the grades held up to then, met or not yet.

with

graded as (
    select
        'agent' as subject,
        agent_id as subject_id,
        period_kind,
        period_id,
        scheme_id,
        grade,
        total_score
    from {{ ref('grade') }}
    where grade is not null
    union all
    select
        'team' as subject,
        team_id as subject_id,
        period_kind,
        period_id,
        scheme_id,
        grade,
        total_score
    from {{ ref('grade_team') }}
    where grade is not null
),

numbered as (
    select
        period_id,
        starts_on,
        row_number() over (partition by period_kind order by starts_on asc nulls last) as period_no
    from {{ ref('dim_period') }}
),

-- Periods of one grade without a gap share the difference of the two counts.
island as (
    select
        graded.*,
        numbered.starts_on,
        numbered.period_no,
        numbered.period_no - row_number() over (
            partition by graded.subject, graded.subject_id, graded.period_kind, graded.scheme_id, graded.grade
            order by numbered.period_no asc nulls last
        ) as island_no
    from graded
    inner join numbered
        on graded.period_id = numbered.period_id
),

run as (
    select
        *,
        cast(row_number() over (
            partition by subject, subject_id, period_kind, scheme_id, grade, island_no order by period_no asc nulls last
        ) as bigint) as run_length
    from island
),

-- `consecutive` counts the run that ends in the period, `within` the graded periods inside a longer one.
counted as (
    select
        consequence.period_id,
        consequence.consequence,
        consequence.scheme_id,
        run.subject_id,
        run.total_score,
        run.run_length as actual_count
    from run
    inner join {{ ref('policy_grade_consequence') }} as consequence
        on
            run.period_id = consequence.period_id
            and run.period_kind = consequence.graded_period_kind
            and run.scheme_id = consequence.scheme_id
            and run.grade = consequence.grade
            and run.subject = consequence.subject
    where consequence.counting = 'consecutive'
),

within_longer as (
    select
        consequence.period_id,
        consequence.consequence,
        consequence.scheme_id,
        run.subject_id,
        cast(count(*) as bigint) as actual_count
    from run
    inner join {{ ref('dim_period') }} as longer
        on
            run.starts_on >= longer.starts_on
            and run.starts_on < longer.ends_before_on
    inner join {{ ref('policy_grade_consequence') }} as consequence
        on
            longer.period_id = consequence.period_id
            and longer.period_kind = consequence.period_kind
            and run.period_kind = consequence.graded_period_kind
            and run.scheme_id = consequence.scheme_id
            and run.grade = consequence.grade
            and run.subject = consequence.subject
    where consequence.counting = 'within'
    group by consequence.period_id, consequence.consequence, consequence.scheme_id, run.subject_id
),

found as (
    select
        subject_id,
        period_id,
        scheme_id,
        consequence,
        total_score,
        actual_count
    from counted
    union all
    select
        subject_id,
        period_id,
        scheme_id,
        consequence,
        cast(null as decimal(18, 4)) as total_score,
        actual_count
    from within_longer
)

select
    consequence.period_kind,
    consequence.period_id,
    consequence.scheme_id,
    consequence.consequence,
    consequence.kind,
    consequence.subject,
    found.subject_id,
    consequence.graded_period_kind,
    consequence.grade,
    consequence.counting,
    consequence.required_count,
    found.actual_count,
    found.actual_count >= consequence.required_count as is_met,
    found.total_score,
    consequence.quantity,
    consequence.quantity_unit,
    consequence.label_en,
    consequence.label_zh,
    consequence.clause_id,
    consequence.value_origin
from found
inner join {{ ref('policy_grade_consequence') }} as consequence
    on
        found.period_id = consequence.period_id
        and found.scheme_id = consequence.scheme_id
        and found.consequence = consequence.consequence
