-- Grain: one period, one component paid by rank, one agent it is due to or team: by what it is ranked, or why not.

{# S-AWARD: who is ranked was on the plan on the last day of the period and for its least share of days, with enough
   cases, and of an improvement with enough in the period before as well and a gain on it. `left_out` is the first of
   these that fails, in this order; nobody is left out elsewhere. A team is one where a member is on the plan; its
   department is its own, whatever its members': one that is not known has nobody to be compared with.
   Values are fractions of exact sums (S-EXACT): what is ranked is dividend / divisor, the larger the better. #}

with

award as (
    select
        award.*,
        case
            when award.basis = 'attainment' then 'attainment:' || award.component_id
            else award.basis
        end as measure_id,
        scheme.min_service_share,
        period.ends_on,
        period.day_count,
        period.previous_period_id
    from {{ ref('policy_award') }} as award
    inner join {{ ref('policy_scheme') }} as scheme
        on
            award.period_id = scheme.period_id
            and award.scheme_id = scheme.scheme_id
    inner join {{ ref('dim_period') }} as period
        on award.period_id = period.period_id
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

-- Where the plan was held on the last day in service, and whether that is the period's last day, and for long enough.
placed as (
    select
        award.component_id,
        place.agent_id,
        place.period_id,
        place.team_id,
        plan_days.day_count as plan_day_count,
        case
            when place.last_day_on <> award.ends_on then 'not_on_last_day'
            when not {{ reaches_share('plan_days.day_count', 'award.day_count', 'award.min_service_share') }}
                then 'too_few_days'
        end as left_out
    from award
    inner join {{ ref('dim_agent_period') }} as place
        on
            award.period_id = place.period_id
            and award.scheme_id = place.scheme_id
    inner join plan_days
        on
            place.agent_id = plan_days.agent_id
            and place.period_id = plan_days.period_id
            and place.scheme_id = plan_days.scheme_id
),

agent_due as (
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
        end as scope_id,
        placed.plan_day_count,
        case
            when placed.agent_id is null then 'not_on_last_day'
            when placed.left_out is not null then placed.left_out
            when award.max_service_months is null then null
            when award.ends_on >= {{ add_months('due.hired_on', 'award.max_service_months') }}
                then 'too_long_in_service'
        end as left_out
    from {{ ref('bonus_due_days') }} as due
    inner join award
        on
            due.component_id = award.component_id
            and due.period_id = award.period_id
            and award.subject = 'agent'
    left join placed
        on
            due.agent_id = placed.agent_id
            and due.period_id = placed.period_id
            and due.component_id = placed.component_id
),

team_placed as (
    select
        period_id,
        component_id,
        team_id
    from placed
    where left_out is null and team_id is not null
    group by period_id, component_id, team_id
),

team_due as (
    select
        award.period_id,
        award.component_id,
        'team' as subject,
        team_placed.team_id as subject_id,
        case when award.scope = 'department' then coalesce(team.department, '') else award.scheme_id end as scope_id,
        cast(null as bigint) as plan_day_count,
        case when award.scope = 'department' and team.department is null then 'no_department' end as left_out
    from award
    inner join team_placed
        on
            award.period_id = team_placed.period_id
            and award.component_id = team_placed.component_id
            and award.subject = 'team'
    left join {{ ref('dim_team') }} as team
        on team_placed.team_id = team.team_id
),

candidate as (
    select * from agent_due
    union all
    select * from team_due
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
        award.min_sample,
        award.previous_period_id,
        held_last.subject_id is not null as was_on_plan,
        coalesce(direction.orientation, 1) as orientation,
        latest.value as current_value,
        latest.case_count,
        latest.numerator,
        latest.denominator,
        prior.value as previous_value,
        prior.case_count as previous_case_count,
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
    left join measure as latest
        on
            candidate.subject = latest.subject
            and candidate.subject_id = latest.subject_id
            and candidate.period_id = latest.period_id
            and award.measure_id = latest.measure_id
    left join held_last
        on
            candidate.subject = held_last.subject
            and candidate.subject_id = held_last.subject_id
            and award.previous_period_id = held_last.period_id
            and award.scheme_id = held_last.scheme_id
    left join measure as prior
        on
            held_last.subject = prior.subject
            and held_last.subject_id = prior.subject_id
            and held_last.period_id = prior.period_id
            and award.measure_id = prior.measure_id
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
)

select
    period_id,
    component_id,
    subject,
    subject_id,
    scope_id,
    measure_id,
    case
        when left_out is not null then left_out
        when denominator is null or denominator <= 0 then 'no_value'
        when case_count < min_sample then 'too_few_cases'
        when mechanism = 'top_n' then null
        when previous_period_id is null then 'no_period_before'
        when not was_on_plan then 'not_on_plan_before'
        when prior_denominator is null or prior_denominator <= 0 then 'no_value_before'
        when previous_case_count < min_sample then 'too_few_cases_before'
        when divisor is null then 'nothing_to_share'
        when dividend <= 0 then 'no_gain'
    end as left_out,
    plan_day_count,
    current_value,
    case_count,
    previous_value,
    previous_case_count,
    cast(orientation as bigint) as orientation,
    cast(dividend as decimal(38, 0)) as dividend,
    cast(divisor as decimal(38, 0)) as divisor,
    cast(tie_break_1 as decimal(34, 6)) as tie_break_1,
    cast(tie_1_numerator as decimal(38, 0)) as tie_1_numerator,
    cast(tie_1_denominator as decimal(38, 0)) as tie_1_denominator,
    cast(tie_break_2 as decimal(34, 6)) as tie_break_2,
    cast(tie_2_numerator as decimal(38, 0)) as tie_2_numerator,
    cast(tie_2_denominator as decimal(38, 0)) as tie_2_denominator
from fraction
