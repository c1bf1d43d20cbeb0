-- Grain: one month, quarter or year, from the first event's month to the business date's.

with

run_context as (
    select as_of_on from {{ ref('dim_run_context') }}
),

first_events as (
    select min(created_on) as first_on from {{ ref('stg_ticket__ticket') }}
    union all
    select min(started_on) as first_on from {{ ref('stg_ticket__contact') }}
    union all
    select min(responded_on) as first_on from {{ ref('stg_ticket__survey') }}
    union all
    select min(reviewed_on) as first_on from {{ ref('stg_ticket__quality_review') }}
    union all
    select min(ordered_on) as first_on from {{ ref('stg_crm__order') }}
    union all
    select min(created_on) as first_on from {{ ref('stg_crm__lead') }}
    union all
    select min(work_date) as first_on from {{ ref('stg_workforce__attendance') }}
),

span as (
    select
        {{ month_start(
            'coalesce(min(least(first_events.first_on, run_context.as_of_on)), max(run_context.as_of_on))'
        ) }} as first_month_on,
        max(run_context.as_of_on) as as_of_on
    from run_context
    left join first_events
        on true
),

months as (
    select {{ add_months('span.first_month_on', 'number.n') }} as starts_on
    from span
    inner join {{ ref('int_number') }} as number
        on {{ add_months('span.first_month_on', 'number.n') }} <= span.as_of_on
),

periods as (
    select
        'month' as period_kind,
        {{ month_id('starts_on') }} as period_id,
        starts_on,
        {{ add_months('starts_on', 1) }} as ends_before_on
    from months
    union
    select
        'quarter' as period_kind,
        {{ quarter_id('starts_on') }} as period_id,
        cast(date_trunc('quarter', starts_on) as date) as starts_on,
        {{ add_months("cast(date_trunc('quarter', starts_on) as date)", 3) }} as ends_before_on
    from months
    union
    select
        'year' as period_kind,
        {{ year_id('starts_on') }} as period_id,
        cast(date_trunc('year', starts_on) as date) as starts_on,
        {{ add_months("cast(date_trunc('year', starts_on) as date)", 12) }} as ends_before_on
    from months
)

select
    periods.period_id,
    periods.period_kind,
    periods.starts_on,
    {{ add_days('periods.ends_before_on', -1) }} as ends_on,
    periods.ends_before_on,
    {{ days_between('periods.starts_on', 'periods.ends_before_on') }} as day_count,
    periods.ends_before_on <= {{ add_days('run_context.as_of_on', 1) }} as has_ended,
    lag(periods.period_id) over (
        partition by periods.period_kind order by periods.starts_on asc nulls last
    ) as previous_period_id
from periods
cross join run_context
