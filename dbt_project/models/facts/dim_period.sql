-- Grain: one month, quarter or year, from the first month of the history to the business date's.

{# Periods are everybody's: fixed pay is due in each. So a handful of odd dates must not make any. The history begins
   with the first month that is no handful, after the last year without a single event; what is dated before it is set
   aside as `before_first_period`. Events are dated by when they came in, not by a due date or a time of solving. #}
{% set streams = [
    ('stg_ticket__ticket', 'created_on'),
    ('stg_ticket__contact', 'started_on'),
    ('stg_ticket__survey', 'responded_on'),
    ('stg_ticket__quality_review', 'reviewed_on'),
    ('stg_crm__order', 'ordered_on'),
    ('stg_crm__lead', 'created_on'),
    ('stg_workforce__attendance', 'work_date'),
] %}

with

run_context as (
    select as_of_on from {{ ref('dim_run_context') }}
),

stream_month as (
    {% for model, column in streams -%}
    select
        '{{ model }}' as stream,
        {{ month_start(column) }} as starts_on,
        count(*) as event_count
    from {{ ref(model) }}
    cross join run_context
    where {{ column }} <= run_context.as_of_on
    group by {{ month_start(column) }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

-- Every month against the fullest month of the year after it, export by export.
compared as (
    select
        earlier.stream,
        earlier.starts_on,
        max(earlier.event_count) as event_count,
        max(later.event_count) as fullest_count
    from stream_month as earlier
    left join stream_month as later
        on
            earlier.stream = later.stream
            and later.starts_on > earlier.starts_on
            and later.starts_on <= {{ add_months('earlier.starts_on', 12) }}
    group by earlier.stream, earlier.starts_on
),

event_month as (
    select
        starts_on,
        count(
            case when not {{ is_below_a_hundredth('event_count', 'coalesce(fullest_count, 0)') }} then 1 end
        ) > 0 as is_history
    from compared
    group by starts_on
),

followed as (
    select
        *,
        lead(starts_on) over (order by starts_on asc nulls last) as next_starts_on
    from event_month
    where is_history
),

last_gap as (
    select max(next_starts_on) as resumes_on
    from followed
    where next_starts_on > {{ add_months('starts_on', 12) }}
),

-- What was settled stays, whatever the exports have become.
settled as (
    select min(case when period_kind = 'month' then {{ first_day_of_month('period_id') }} end) as first_on
    from {{ ref('dim_settled_period') }}
),

history as (
    select min(event_month.starts_on) as first_on
    from event_month
    cross join last_gap
    where
        event_month.is_history
        and (last_gap.resumes_on is null or event_month.starts_on >= last_gap.resumes_on)
),

span as (
    select
        {{ month_start('least(history.first_on, settled.first_on, run_context.as_of_on)') }} as first_month_on,
        run_context.as_of_on
    from run_context
    cross join history
    cross join settled
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
