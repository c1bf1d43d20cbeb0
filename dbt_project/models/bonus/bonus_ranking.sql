-- Grain: one period, one component paid by rank, one candidate (agent or team): its rank and what that rank earns.

{{ config(materialized='table') }}

{# S-AWARD: candidates were on the plan on the last day of the period and for its least share of days; a team is one
   where such a member is in it. Ranks have no ties: after the tie-breaks that the policy names the id decides (CG-14,
   CG-15). Values are compared as fractions of exact sums (S-EXACT); ranked_value is rounded, to be shown. #}

with

award as (
    select
        award.*,
        case
            when award.basis = 'attainment' then 'attainment:' || award.component_id
            else award.basis
        end as measure_id,
        scheme.min_service_share
    from {{ ref('policy_award') }} as award
    inner join {{ ref('policy_scheme') }} as scheme
        on
            award.period_id = scheme.period_id
            and award.scheme_id = scheme.scheme_id
),

plan_days as (
    select
        agent_id,
        period_id,
        scheme_id,
        cast(sum(day_count) as bigint) as day_count
    from {{ ref('dim_agent_period_segment') }}
    group by agent_id, period_id, scheme_id
),

-- On the plan on the period's last day, long enough.
on_plan as (
    select
        place.agent_id,
        place.period_id,
        place.scheme_id,
        place.team_id,
        place.department,
        award.component_id
    from award
    inner join {{ ref('dim_agent_period') }} as place
        on
            award.period_id = place.period_id
            and award.scheme_id = place.scheme_id
    inner join {{ ref('dim_period') }} as period
        on
            award.period_id = period.period_id
            and place.last_day_on = period.ends_on
    inner join plan_days
        on
            place.agent_id = plan_days.agent_id
            and place.period_id = plan_days.period_id
            and place.scheme_id = plan_days.scheme_id
    where {{ reaches_share('plan_days.day_count', 'period.day_count', 'award.min_service_share') }}
),

agent_candidate as (
    select
        due.period_id,
        due.component_id,
        'agent' as subject,
        due.agent_id as subject_id,
        case award.scope
            when 'department' then coalesce(due.department, '')
            when 'team' then coalesce(due.team_id, '')
            when 'role' then coalesce(due.role, '')
            else due.scheme_id
        end as scope_id
    from {{ ref('bonus_due') }} as due
    inner join award
        on
            due.component_id = award.component_id
            and due.period_id = award.period_id
            and award.subject = 'agent'
    inner join on_plan
        on
            due.agent_id = on_plan.agent_id
            and due.period_id = on_plan.period_id
            and due.component_id = on_plan.component_id
    inner join {{ ref('dim_period') }} as period
        on due.period_id = period.period_id
    where
        award.max_service_months is null
        or period.ends_on < {{ add_months('due.hired_on', 'award.max_service_months') }}
),

team_candidate as (
    select
        award.period_id,
        award.component_id,
        'team' as subject,
        on_plan.team_id as subject_id,
        case when award.scope = 'department' then coalesce(on_plan.department, '') else award.scheme_id end as scope_id
    from award
    inner join on_plan
        on
            award.period_id = on_plan.period_id
            and award.component_id = on_plan.component_id
    where award.subject = 'team' and on_plan.team_id is not null
    group by
        award.period_id,
        award.component_id,
        on_plan.team_id,
        case when award.scope = 'department' then coalesce(on_plan.department, '') else award.scheme_id end
),

candidate as (
    select * from agent_candidate
    union all
    select * from team_candidate
),

-- Who held which plan on the last day in service: an improvement compares results under the same plan.
held_last as (
    select
        'agent' as subject,
        agent_id as subject_id,
        period_id,
        scheme_id
    from {{ ref('dim_agent_period') }}
    union
    select
        'team' as subject,
        team_id as subject_id,
        period_id,
        scheme_id
    from {{ ref('dim_agent_period') }}
    where team_id is not null
),

read_measure as (
    select measure_id from award
    union
    select tie_break_1 as measure_id from award
    union
    select tie_break_2 as measure_id from award
),

-- A value as a fraction of whole numbers; the unit of the two is the measure's own.
measure as (
    select
        'agent' as subject,
        agent_id as subject_id,
        period_id,
        kpi_id as measure_id,
        value,
        denominator as case_count,
        {{ millionths('numerator') }} as numerator,
        cast(denominator as {{ wide_integer_type() }}) as denominator
    from {{ ref('kpi_observation') }}
    where value is not null and kpi_id in (select measure_id from read_measure)
    union all
    select
        'team' as subject,
        group_id as subject_id,
        period_id,
        kpi_id as measure_id,
        value,
        denominator as case_count,
        {{ millionths('numerator') }} as numerator,
        cast(denominator as {{ wide_integer_type() }}) as denominator
    from {{ ref('kpi_group_observation') }}
    where group_kind = 'team' and value is not null and kpi_id in (select measure_id from read_measure)
    union all
    select
        'agent' as subject,
        agent_id as subject_id,
        period_id,
        'score' as measure_id,
        cast(total_score as decimal(24, 6)) as value,
        cast(1 as bigint) as case_count,
        {{ millionths('total_score') }} as numerator,
        cast(1 as {{ wide_integer_type() }}) as denominator
    from {{ ref('score') }}
    where total_score is not null
    union all
    select
        'agent' as subject,
        agent_id as subject_id,
        period_id,
        'attainment:' || component_id as measure_id,
        attainment as value,
        cast(1 as bigint) as case_count,
        cast(compared_actual as {{ wide_integer_type() }}) as numerator,
        cast(compared_target as {{ wide_integer_type() }}) as denominator
    from {{ ref('bonus_attainment') }}
    where attainment is not null
),

direction as (
    select
        period_id,
        kpi_id,
        case when direction = 'lower' then -1 else 1 end as orientation
    from {{ ref('policy_kpi_period') }}
),

compared as (
    select
        candidate.*,
        award.measure_id,
        award.mechanism,
        award.gain,
        coalesce(direction.orientation, 1) as orientation,
        latest.value as current_value,
        latest.case_count,
        latest.numerator,
        latest.denominator,
        prior.value as previous_value,
        prior.numerator as prior_numerator,
        prior.denominator as prior_denominator,
        coalesce(direction_1.orientation, 1) * tie_1.value as tie_break_1,
        coalesce(direction_1.orientation, 1) * tie_1.numerator as tie_1_numerator,
        tie_1.denominator as tie_1_denominator,
        coalesce(direction_2.orientation, 1) * tie_2.value as tie_break_2,
        coalesce(direction_2.orientation, 1) * tie_2.numerator as tie_2_numerator,
        tie_2.denominator as tie_2_denominator
    from candidate
    inner join award
        on
            candidate.component_id = award.component_id
            and candidate.period_id = award.period_id
    inner join {{ ref('dim_period') }} as period
        on candidate.period_id = period.period_id
    inner join measure as latest
        on
            candidate.subject = latest.subject
            and candidate.subject_id = latest.subject_id
            and candidate.period_id = latest.period_id
            and award.measure_id = latest.measure_id
            and latest.case_count >= award.min_sample
    left join held_last
        on
            candidate.subject = held_last.subject
            and candidate.subject_id = held_last.subject_id
            and period.previous_period_id = held_last.period_id
            and award.scheme_id = held_last.scheme_id
    left join measure as prior
        on
            held_last.subject = prior.subject
            and held_last.subject_id = prior.subject_id
            and held_last.period_id = prior.period_id
            and award.measure_id = prior.measure_id
            and prior.case_count >= award.min_sample
    left join measure as tie_1
        on
            candidate.subject = tie_1.subject
            and candidate.subject_id = tie_1.subject_id
            and candidate.period_id = tie_1.period_id
            and award.tie_break_1 = tie_1.measure_id
    left join measure as tie_2
        on
            candidate.subject = tie_2.subject
            and candidate.subject_id = tie_2.subject_id
            and candidate.period_id = tie_2.period_id
            and award.tie_break_2 = tie_2.measure_id
    left join direction
        on
            candidate.period_id = direction.period_id
            and award.basis = direction.kpi_id
    left join direction as direction_1
        on
            candidate.period_id = direction_1.period_id
            and award.tie_break_1 = direction_1.kpi_id
    left join direction as direction_2
        on
            candidate.period_id = direction_2.period_id
            and award.tie_break_2 = direction_2.kpi_id
),

-- An improvement is a gain on the period before, relative to it or absolute; no gain, no award.
fraction as (
    select
        *,
        case
            when mechanism = 'top_n' then orientation * numerator
            else orientation * (numerator * prior_denominator - prior_numerator * denominator)
        end as dividend,
        case
            when mechanism = 'top_n' then denominator
            when gain = 'absolute' then denominator * prior_denominator
            when prior_numerator > 0 then denominator * prior_numerator
        end as divisor
    from compared
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
    where divisor > 0 and (mechanism = 'top_n' or dividend > 0)
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
inner join award
    on
        ranked.component_id = award.component_id
        and ranked.period_id = award.period_id
left join {{ ref('policy_component_rate') }} as rate
    on
        ranked.component_id = rate.component_id
        and ranked.period_id = rate.period_id
        and ranked.rank >= rate.lower_bound
        and (rate.upper_bound is null or ranked.rank < rate.upper_bound)
