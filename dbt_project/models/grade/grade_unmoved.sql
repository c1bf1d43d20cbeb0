-- Grain: one agent, one settled period whose grade only others' corrections moved.

{# PR-04 under forced ranking: the agent's own score and cohort are as they were settled, so the place is the one
   settled with. Its grade is read from today's policy, so that a corrected share of a grade is a correction of the
   agent's own and only the moved place is the others'. #}

with

placed as (
    select
        settled.period_kind,
        settled.period_id,
        settled.agent_id,
        settled.scheme_id,
        settled.cohort_id,
        settled.cohort_size,
        settled.rank,
        settled.total_score
    from {{ ref('fct_settled_score') }} as settled
    inner join {{ ref('grade') }} as grade
        on
            settled.agent_id = grade.agent_id
            and settled.period_id = grade.period_id
            and settled.cohort_id = grade.cohort_id
            and settled.total_score = grade.total_score
),

graded as (
    {{ graded_places('placed') }}
)

select
    graded.period_kind,
    graded.period_id,
    graded.agent_id,
    graded.scheme_id,
    graded.cohort_id,
    graded.cohort_size,
    graded.rank,
    graded.method,
    graded.grade as unmoved_grade,
    grade.grade as moved_grade
from graded
inner join {{ ref('grade') }} as grade
    on
        graded.agent_id = grade.agent_id
        and graded.period_id = grade.period_id
where graded.grade is distinct from grade.grade
