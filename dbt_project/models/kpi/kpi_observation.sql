-- Grain: one agent, one period, one KPI.

with

counted as (
    select
        agent_id,
        month_id,
        kpi_id,
        cast(sum(case when is_counted then numerator else 0 end) as decimal(24, 6)) as numerator,
        cast(sum(case when is_counted then denominator else 0 end) as bigint) as denominator,
        cast(sum(case when not is_counted and exclusion_reason <> 'pending' then row_count else 0 end) as bigint)
            as set_aside_count,
        cast(sum(case when exclusion_reason = 'pending' then row_count else 0 end) as bigint) as pending_count
    from {{ ref('kpi_daily') }}
    where agent_id is not null
    group by agent_id, month_id, kpi_id
),

rolled_up as (
    select
        counted.agent_id,
        period_month.period_id,
        counted.kpi_id,
        cast(sum(counted.numerator) as decimal(24, 6)) as numerator,
        cast(sum(counted.denominator) as bigint) as denominator,
        cast(sum(counted.set_aside_count) as bigint) as set_aside_count,
        cast(sum(counted.pending_count) as bigint) as pending_count
    from counted
    inner join {{ ref('dim_period_month') }} as period_month
        on counted.month_id = period_month.month_id
    group by counted.agent_id, period_month.period_id, counted.kpi_id
),

-- S-EXPORT: of what counts rows of a table that never came, nothing is known.
absent as (
    select distinct
        period_id,
        subject_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'kpi'
),

-- Counts and sums are observed, as 0 where nothing happened, for everyone in service; ratios where there is a
-- denominator, or something is pending or set aside.
observable as (
    select
        agent.period_kind,
        agent.period_id,
        agent.agent_id,
        definition.kpi_id,
        definition.aggregation = 'sum' as is_sum
    from {{ ref('dim_agent_period') }} as agent
    inner join {{ ref('policy_kpi_period') }} as definition
        on agent.period_id = definition.period_id
    left join absent
        on
            definition.period_id = absent.period_id
            and definition.kpi_id = absent.subject_id
    where absent.subject_id is null
)

select
    observable.period_kind,
    observable.period_id,
    observable.agent_id,
    observable.kpi_id,
    coalesce(rolled_up.numerator, 0) as numerator,
    case when observable.is_sum then 1 else rolled_up.denominator end as denominator,
    {{ ratio(
        'coalesce(rolled_up.numerator, 0)',
        'case when observable.is_sum then 1 else rolled_up.denominator end'
    ) }} as value,
    coalesce(rolled_up.set_aside_count, 0) as set_aside_count,
    coalesce(rolled_up.pending_count, 0) as pending_count,
    case
        when period.has_ended and coalesce(rolled_up.pending_count, 0) = 0 then 'final'
        else 'provisional'
    end as maturity
from observable
inner join {{ ref('dim_period') }} as period
    on observable.period_id = period.period_id
left join rolled_up
    on
        observable.agent_id = rolled_up.agent_id
        and observable.period_id = rolled_up.period_id
        and observable.kpi_id = rolled_up.kpi_id
where
    observable.is_sum
    or rolled_up.denominator > 0
    or rolled_up.set_aside_count > 0
    or rolled_up.pending_count > 0
