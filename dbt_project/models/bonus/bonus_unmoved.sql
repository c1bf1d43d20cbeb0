-- Grain: one line of a settled period that only others' corrections moved: what it would pay had they not.

{# A moved component has all its lines here, also those that pay nothing at the settled place: without a row the
   agent's own data says what is due. #}

with

due as (
    select
        due.agent_id,
        due.period_kind,
        due.period_id,
        due.scheme_id,
        due.component_id,
        due.mechanism,
        due.basis,
        due.component_label_en,
        due.segment_no,
        due.day_count,
        due.period_day_count,
        due.base_salary_cny,
        due.scored_scheme_id,
        moved.unmoved_grade as grade
    from {{ ref('bonus_due') }} as due
    inner join {{ ref('grade_unmoved') }} as moved
        on
            due.agent_id = moved.agent_id
            and due.period_id = moved.period_id
            and due.scheme_id = moved.scheme_id
    where due.mechanism = 'graded'
),

graded as (
    {{ graded_lines('due') }}
),

graded_amount as (
    {{ with_amounts('graded') }}
),

-- An award whose agent is ranked by the same value and tie-breaks in the same scope as when it was settled.
ranked as (
    select
        ranking.subject_id as agent_id,
        ranking.period_kind,
        ranking.period_id,
        ranking.scheme_id,
        ranking.component_id,
        cast(coalesce(rate.amount_cny, 0) as decimal(18, 2)) as amount_cny
    from {{ ref('bonus_ranking') }} as ranking
    inner join {{ ref('fct_settled_ranking') }} as settled
        on
            ranking.period_id = settled.period_id
            and ranking.component_id = settled.component_id
            and ranking.subject_id = settled.agent_id
            and ranking.scope_id = settled.scope_id
            and ranking.ranked_value = settled.ranked_value
            and ranking.tie_break_1 is not distinct from settled.tie_break_1
            and ranking.tie_break_2 is not distinct from settled.tie_break_2
            and (ranking.mechanism <> 'improvement' or ranking.case_count = settled.case_count)
            and ranking.rank <> settled.rank
    left join {{ ref('policy_component_rate') }} as rate
        on
            settled.component_id = rate.component_id
            and settled.period_id = rate.period_id
            and settled.rank >= rate.lower_bound
            and (rate.upper_bound is null or settled.rank < rate.upper_bound)
    where ranking.subject = 'agent'
)

select
    {{ bonus_line_id('due', 'due.segment_no', "''") }} as bonus_line_id,
    due.period_kind,
    due.period_id,
    due.agent_id,
    due.scheme_id,
    due.component_id,
    coalesce(paid.amount_cny, cast(0 as decimal(18, 2))) as amount_cny
from due
left join graded_amount as paid
    on
        due.agent_id = paid.agent_id
        and due.period_id = paid.period_id
        and due.component_id = paid.component_id
        and due.segment_no = paid.segment_no
union all
select
    {{ bonus_line_id('ranked', '1', "''") }} as bonus_line_id,
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    component_id,
    amount_cny
from ranked
