-- Grain: one period, one component paid by rank, one candidate (agent or team): its rank and what that rank earns.

{{ config(materialized='table') }}

{# S-AWARD: bonus_candidate says who is ranked and by what. Ranks have no ties: after the tie-breaks that the policy
   names the id decides (CG-14, CG-15). Fractions of exact sums are compared (S-EXACT); ranked_value is rounded, to be
   shown. #}

with

fraction as (
    select
        candidate.period_id,
        candidate.component_id,
        candidate.subject,
        candidate.subject_id,
        candidate.scope_id,
        candidate.measure_id,
        award.mechanism,
        award.gain,
        candidate.orientation,
        candidate.current_value,
        case when candidate.previous_case_count >= award.min_sample then candidate.previous_value end as previous_value,
        candidate.case_count,
        candidate.tie_break_1,
        candidate.tie_break_2,
        cast(candidate.dividend as {{ wide_integer_type() }}) as dividend,
        cast(candidate.divisor as {{ wide_integer_type() }}) as divisor,
        cast(candidate.tie_1_numerator as {{ wide_integer_type() }}) as tie_1_numerator,
        cast(candidate.tie_1_denominator as {{ wide_integer_type() }}) as tie_1_denominator,
        cast(candidate.tie_2_numerator as {{ wide_integer_type() }}) as tie_2_numerator,
        cast(candidate.tie_2_denominator as {{ wide_integer_type() }}) as tie_2_denominator
    from {{ ref('bonus_candidate') }} as candidate
    inner join {{ ref('policy_award') }} as award
        on
            candidate.component_id = award.component_id
            and candidate.period_id = award.period_id
    where candidate.left_out is null
),

valued as (
    select
        *,
        cast(
            case
                when mechanism = 'top_n' then orientation * current_value
                when gain = 'absolute' then orientation * (current_value - previous_value)
                else {{ quotient('dividend', 'divisor') }}
            end as decimal(24, 6)
        ) as ranked_value,
        {{ whole_quotient('dividend', 'divisor') }} as ranked_whole,
        {{ whole_quotient('tie_1_numerator', 'tie_1_denominator') }} as tie_1_whole,
        {{ whole_quotient('tie_2_numerator', 'tie_2_denominator') }} as tie_2_whole
    from fraction
),

ordered as (
    select
        *,
        {{ quotient_digits('dividend - ranked_whole * divisor', 'divisor') }} as ranked_digits,
        {{ quotient_digits(
            'tie_1_numerator - tie_1_whole * tie_1_denominator', 'tie_1_denominator'
        ) }} as tie_1_digits,
        {{ quotient_digits(
            'tie_2_numerator - tie_2_whole * tie_2_denominator', 'tie_2_denominator'
        ) }} as tie_2_digits
    from valued
),

ranked as (
    select
        *,
        cast(row_number() over (
            partition by period_id, component_id, scope_id
            order by
                ranked_whole desc nulls last,
                ranked_digits desc nulls last,
                tie_1_whole desc nulls last,
                tie_1_digits desc nulls last,
                tie_2_whole desc nulls last,
                tie_2_digits desc nulls last,
                case when mechanism = 'improvement' then case_count else 0 end desc nulls last,
                subject_id asc nulls last
        ) as bigint) as rank
    from ordered
)

select
    component.period_kind,
    component.period_id,
    component.component_id,
    component.scheme_id,
    component.mechanism,
    award.award_kind,
    ranked.subject,
    ranked.subject_id,
    award.scope,
    ranked.scope_id,
    ranked.measure_id,
    ranked.current_value,
    ranked.previous_value,
    ranked.ranked_value,
    ranked.case_count,
    ranked.tie_break_1,
    ranked.tie_break_2,
    ranked.rank,
    rate.component_id is not null as is_awarded,
    rate.amount_cny,
    rate.lower_bound,
    component.label_en,
    component.label_zh,
    component.clause_id,
    coalesce(rate.value_origin, component.value_origin) as value_origin
from ranked
inner join {{ ref('policy_component') }} as component
    on
        ranked.component_id = component.component_id
        and ranked.period_id = component.period_id
inner join {{ ref('policy_award') }} as award
    on
        ranked.component_id = award.component_id
        and ranked.period_id = award.period_id
left join {{ ref('policy_component_rate') }} as rate
    on
        ranked.component_id = rate.component_id
        and ranked.period_id = rate.period_id
        and ranked.rank >= rate.lower_bound
        and (rate.upper_bound is null or ranked.rank < rate.upper_bound)
