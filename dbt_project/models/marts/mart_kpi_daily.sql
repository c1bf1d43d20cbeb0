-- Grain: one agent, team or the centre, one day, one KPI: counted evidence summed, for trends of any span.

with

-- S-EXPORT: of what counts rows of a table that never came, nothing is known.
absent as (
    select distinct
        period_id,
        subject_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'kpi'
),

daily as (
    select
        kpi_id,
        event_on,
        month_id,
        agent_id,
        team_id,
        is_counted,
        is_counted_for_centre,
        numerator,
        denominator
    from {{ ref('kpi_daily') }}
    where
        is_counted_for_centre
        and {{ is_touched('month_id') }}
),

grouped as (
    {{ grouped_evidence(
        'daily', ['event_on', 'month_id', 'kpi_id', 'numerator', 'denominator'], ['agent', 'team', 'centre']
    ) }}
),

summed as (
    select
        group_kind,
        group_id,
        event_on,
        month_id,
        kpi_id,
        cast(sum(numerator) as decimal(24, 6)) as numerator,
        cast(sum(denominator) as bigint) as denominator
    from grouped
    group by group_kind, group_id, event_on, month_id, kpi_id
)

select
    summed.group_kind,
    summed.group_id,
    summed.event_on as day_on,
    summed.month_id,
    summed.kpi_id,
    summed.numerator,
    case when definition.aggregation <> 'sum' then summed.denominator end as denominator
from summed
inner join {{ ref('policy_kpi_period') }} as definition
    on
        summed.kpi_id = definition.kpi_id
        and summed.month_id = definition.period_id
left join absent
    on
        summed.month_id = absent.period_id
        and summed.kpi_id = absent.subject_id
where absent.subject_id is null
