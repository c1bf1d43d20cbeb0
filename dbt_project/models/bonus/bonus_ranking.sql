-- Grain: one period, one component paid by rank, one candidate (agent or team): its rank and what that rank earns.

{{ config(materialized='table') }}

{# Ranks have no ties: after the tie-breaks that the policy names the id decides (CG-14, CG-15). #}

with

award as (
    select
        *,
        case when basis = 'attainment' then 'attainment:' || component_id else basis end as measure_id
    from {{ ref('policy_award') }}
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
    inner join {{ ref('dim_period') }} as period
        on due.period_id = period.period_id
    inner join {{ ref('dim_agent') }} as agent
        on due.agent_id = agent.agent_id
    where
        award.max_service_months is null
        or period.ends_on < {{ add_months('agent.hired_on', 'award.max_service_months') }}
),

team_candidate as (
    select
        award.period_id,
        award.component_id,
        'team' as subject,
        agent.team_id as subject_id,
        case when award.scope = 'department' then coalesce(agent.department, '') else award.scheme_id end as scope_id
    from award
    inner join {{ ref('dim_agent_period') }} as agent
        on
            award.period_id = agent.period_id
            and award.scheme_id = agent.scheme_id
    where award.subject = 'team' and agent.team_id is not null
    group by
        award.period_id,
        award.component_id,
        agent.team_id,
        case when award.scope = 'department' then coalesce(agent.department, '') else award.scheme_id end
),

candidate as (
    select * from agent_candidate
    union all
    select * from team_candidate
),

measure as (
    select
        'agent' as subject,
        agent_id as subject_id,
        period_id,
        kpi_id as measure_id,
        value,
        denominator
    from {{ ref('kpi_observation') }}
    where value is not null
    union all
    select
        'team' as subject,
        group_id as subject_id,
        period_id,
        kpi_id as measure_id,
        value,
        denominator
    from {{ ref('kpi_group_observation') }}
    where group_kind = 'team' and value is not null
    union all
    select
        'agent' as subject,
        agent_id as subject_id,
        period_id,
        'score' as measure_id,
        cast(total_score as decimal(24, 6)) as value,
        cast(1 as bigint) as denominator
    from {{ ref('score') }}
    where total_score is not null
    union all
    select
        'agent' as subject,
        agent_id as subject_id,
        period_id,
        'attainment:' || component_id as measure_id,
        attainment as value,
        cast(1 as bigint) as denominator
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
        latest.denominator as case_count,
        prior.value as previous_value,
        coalesce(direction_1.orientation, 1) * tie_1.value as tie_break_1,
        coalesce(direction_2.orientation, 1) * tie_2.value as tie_break_2
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
            and latest.denominator >= award.min_sample
    left join measure as prior
        on
            candidate.subject = prior.subject
            and candidate.subject_id = prior.subject_id
            and period.previous_period_id = prior.period_id
            and award.measure_id = prior.measure_id
            and prior.denominator >= award.min_sample
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
valued as (
    select
        *,
        cast(
            case
                when mechanism = 'top_n' then orientation * current_value
                when gain = 'absolute' then orientation * (current_value - previous_value)
                when previous_value > 0
                    then {{ ratio('orientation * (current_value - previous_value)', 'previous_value') }}
            end as decimal(24, 6)
        ) as ranked_value
    from compared
),

ranked as (
    select
        *,
        cast(row_number() over (
            partition by period_id, component_id, scope_id
            order by
                ranked_value desc nulls last,
                tie_break_1 desc nulls last,
                tie_break_2 desc nulls last,
                case when mechanism = 'improvement' then case_count else 0 end desc nulls last,
                subject_id asc nulls last
        ) as bigint) as rank
    from valued
    where ranked_value > 0 or (mechanism = 'top_n' and ranked_value is not null)
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
