-- Grain: one agent, one period of a points plan held, one source of deductions: the points deducted (PT-05, PT-06).

{# QA deductions of valid reviews, and efficiency deductions: the component with basis `deduction` holds a band per KPI.
   Both over the days of the plan itself (S-MOVE), and bands compare exactly (S-EXACT). #}

with

due as (
    select *
    from {{ ref('bonus_due_days') }}
    where mechanism = 'points' and basis = 'deduction'
),

absent as (
    select distinct period_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'event_kind' and subject_id = 'qa_deduction'
),

quality as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        cast(sum(event.quantity) as decimal(18, 6)) as deduction_points
    from due
    inner join {{ ref('bonus_event') }} as event
        on
            due.agent_id = event.agent_id
            and due.period_id = event.period_id
            and {{ is_own_day('due', 'event') }}
    where event.event_kind = 'qa_deduction'
    group by due.agent_id, due.period_id, due.component_id
),

observed as (
    select
        agent_id,
        period_id,
        component_id,
        kpi_id,
        cast(sum(numerator) as decimal(24, 6)) as numerator,
        case when is_sum then 1 else cast(sum(denominator) as bigint) end as denominator
    from {{ ref('bonus_own_observation') }}
    group by agent_id, period_id, component_id, kpi_id, is_sum
)

select
    due.agent_id,
    due.period_id,
    due.scheme_id,
    due.component_id,
    'quality_review' as source,
    cast(null as decimal(24, 6)) as kpi_value,
    -- Unknown where no QA export ever came (S-EXPORT), 0 where nothing was deducted.
    case
        when absent.period_id is null then coalesce(quality.deduction_points, cast(0 as decimal(18, 6)))
    end as deduction_points,
    cast(null as decimal(18, 6)) as lower_bound,
    due.component_clause_id as clause_id,
    'stated' as value_origin
from due
left join quality
    on
        due.agent_id = quality.agent_id
        and due.period_id = quality.period_id
        and due.component_id = quality.component_id
left join absent
    on due.period_id = absent.period_id
union all
select
    due.agent_id,
    due.period_id,
    due.scheme_id,
    due.component_id,
    observed.kpi_id as source,
    {{ ratio('observed.numerator', 'observed.denominator') }} as kpi_value,
    cast(rate.rate as decimal(18, 6)) as deduction_points,
    rate.lower_bound,
    rate.clause_id,
    rate.value_origin
from due
inner join observed
    on
        due.agent_id = observed.agent_id
        and due.period_id = observed.period_id
        and due.component_id = observed.component_id
        and observed.denominator > 0
inner join {{ ref('policy_component_rate') }} as rate
    on
        due.component_id = rate.component_id
        and due.period_id = rate.period_id
        and observed.kpi_id = rate.rate_key
        and {{ in_band_exactly(
            millionths('observed.numerator'), millionths('observed.denominator'), 'rate'
        ) }}
