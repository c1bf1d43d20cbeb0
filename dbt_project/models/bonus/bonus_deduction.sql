-- Grain: one agent, one period of a points plan, one source of deductions: the points deducted (PT-05, PT-06).

{# QA deductions of the period's valid reviews, and efficiency deductions: the component with basis `deduction`
   holds a band per KPI. #}

with

due as (
    select
        agent_id,
        period_id,
        component_id,
        component_clause_id
    from {{ ref('bonus_due') }}
    where mechanism = 'points' and basis = 'deduction'
),

absent as (
    select distinct period_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'event_kind' and subject_id = 'qa_deduction'
),

quality as (
    select
        event.agent_id,
        period_month.period_id,
        cast(sum(event.quantity) as decimal(18, 6)) as deduction_points
    from {{ ref('bonus_event') }} as event
    inner join {{ ref('dim_period_month') }} as period_month
        on event.month_id = period_month.month_id
    where event.event_kind = 'qa_deduction'
    group by event.agent_id, period_month.period_id
)

select
    due.agent_id,
    due.period_id,
    due.component_id,
    'quality_review' as source,
    cast(null as decimal(24, 6)) as kpi_value,
    -- Unknown where no QA export ever came (S-EXPORT), 0 where nothing was deducted.
    case
        when absent.period_id is null then coalesce(quality.deduction_points, cast(0 as decimal(18, 6)))
    end as deduction_points,
    due.component_clause_id as clause_id,
    'stated' as value_origin
from due
left join quality
    on
        due.agent_id = quality.agent_id
        and due.period_id = quality.period_id
left join absent
    on due.period_id = absent.period_id
union all
select
    due.agent_id,
    due.period_id,
    due.component_id,
    observation.kpi_id as source,
    observation.value as kpi_value,
    cast(rate.rate as decimal(18, 6)) as deduction_points,
    rate.clause_id,
    rate.value_origin
from due
inner join {{ ref('kpi_observation') }} as observation
    on
        due.agent_id = observation.agent_id
        and due.period_id = observation.period_id
inner join {{ ref('policy_component_rate') }} as rate
    on
        due.component_id = rate.component_id
        and due.period_id = rate.period_id
        and observation.kpi_id = rate.rate_key
        and {{ in_band('observation.value', 'rate') }}
