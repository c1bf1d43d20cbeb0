-- Grain: one team, department or the centre, one period, one KPI: the same sums as the agents', never their averages.

with

-- S-EXPORT: of what counts rows of a table that never came, nothing is known.
absent as (
    select distinct
        period_id,
        subject_id
    from {{ ref('policy_absent_export') }}
    where subject_kind = 'kpi'
),

monthly as (
    select
        team_id,
        department,
        month_id,
        kpi_id,
        is_counted,
        is_counted_for_centre,
        cast(sum(numerator) as decimal(24, 6)) as numerator,
        cast(sum(denominator) as bigint) as denominator
    from {{ ref('kpi_daily') }}
    where is_counted_for_centre
    group by team_id, department, month_id, kpi_id, is_counted, is_counted_for_centre
),

grouped as (
    {{ grouped_evidence(
        'monthly', ['month_id', 'kpi_id', 'numerator', 'denominator'], ['team', 'department', 'centre']
    ) }}
),

rolled_up as (
    select
        grouped.group_kind,
        grouped.group_id,
        period_month.period_kind,
        period_month.period_id,
        grouped.kpi_id,
        cast(sum(grouped.numerator) as decimal(24, 6)) as numerator,
        cast(sum(grouped.denominator) as bigint) as denominator
    from grouped
    inner join {{ ref('dim_period_month') }} as period_month
        on grouped.month_id = period_month.month_id
    group by grouped.group_kind, grouped.group_id, period_month.period_kind, period_month.period_id, grouped.kpi_id
)

select
    rolled_up.group_kind,
    rolled_up.group_id,
    rolled_up.period_kind,
    rolled_up.period_id,
    rolled_up.kpi_id,
    rolled_up.numerator,
    case when definition.aggregation = 'sum' then 1 else rolled_up.denominator end as denominator,
    {{ ratio(
        'rolled_up.numerator',
        "case when definition.aggregation = 'sum' then 1 else rolled_up.denominator end"
    ) }} as value
from rolled_up
inner join {{ ref('policy_kpi_period') }} as definition
    on
        rolled_up.kpi_id = definition.kpi_id
        and rolled_up.period_id = definition.period_id
left join absent
    on
        rolled_up.period_id = absent.period_id
        and rolled_up.kpi_id = absent.subject_id
where absent.subject_id is null
