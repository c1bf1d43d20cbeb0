-- Grain: one agent, one period, one segment of service, one kind of event that pay counts, or of what holds throughout.

{{ config(materialized='table') }}

{# Each count exists once, here: points, per_event, gates, deductions and reviews read it. Kinds that hold of a month
   as a whole (is_standing) stand in every segment whole: pay prorates them by the segment's days (S-PRORATE). #}

with

counted as (
    select
        agent_id,
        month_id,
        segment_no,
        event_kind,
        cast(sum(quantity) as decimal(18, 6)) as quantity,
        cast(count(*) as bigint) as row_count,
        min(event_on) as first_event_on
    from {{ ref('bonus_evidence') }}
    where is_counted
    group by agent_id, month_id, segment_no, event_kind
),

-- A segment of a quarter or year is the same row of the job history as its segments of months.
placed as (
    select
        segment.agent_id,
        segment.period_kind,
        segment.period_id,
        segment.segment_no,
        segment.scheme_id,
        segment.role,
        counted.event_kind,
        cast(sum(counted.quantity) as decimal(18, 6)) as quantity,
        cast(sum(counted.row_count) as bigint) as row_count,
        min(counted.first_event_on) as first_event_on
    from counted
    inner join {{ ref('dim_agent_month_segment') }} as month_segment
        on
            counted.agent_id = month_segment.agent_id
            and counted.month_id = month_segment.month_id
            and counted.segment_no = month_segment.segment_no
    inner join {{ ref('dim_period_month') }} as period_month
        on counted.month_id = period_month.month_id
    inner join {{ ref('dim_agent_period_segment') }} as segment
        on
            counted.agent_id = segment.agent_id
            and period_month.period_id = segment.period_id
            and month_segment.effective_from_on = segment.effective_from_on
    group by
        segment.agent_id,
        segment.period_kind,
        segment.period_id,
        segment.segment_no,
        segment.scheme_id,
        segment.role,
        counted.event_kind
),

month_count as (
    select
        period_id,
        cast(count(*) as decimal(18, 6)) as quantity,
        cast(count(*) as bigint) as row_count
    from {{ ref('dim_period_month') }}
    group by period_id
),

-- PT-07: the mean of a month's execution ratings.
execution as (
    select
        rating.agent_id,
        period_month.period_id,
        cast(sum(rating.value) as decimal(18, 6)) as quantity,
        cast(sum(rating.denominator) as bigint) as row_count
    from {{ ref('score_rating') }} as rating
    inner join {{ ref('dim_period_month') }} as period_month
        on rating.period_id = period_month.month_id
    where rating.dimension = 'execution'
    group by rating.agent_id, period_month.period_id
),

standing as (
    select
        segment.agent_id,
        segment.period_kind,
        segment.period_id,
        segment.segment_no,
        segment.scheme_id,
        segment.role,
        'month_in_service' as event_kind,
        month_count.quantity,
        month_count.row_count,
        'dim_agent_period_segment' as input_model
    from {{ ref('dim_agent_period_segment') }} as segment
    inner join month_count
        on segment.period_id = month_count.period_id
    union all
    select
        segment.agent_id,
        segment.period_kind,
        segment.period_id,
        segment.segment_no,
        segment.scheme_id,
        segment.role,
        kind.event_kind,
        month_count.quantity,
        month_count.row_count,
        'dim_agent_period_segment' as input_model
    from {{ ref('dim_agent_period_segment') }} as segment
    inner join month_count
        on segment.period_id = month_count.period_id
    inner join {{ ref('policy_event_kind') }} as kind
        on
            segment.period_id = kind.period_id
            and segment.level = kind.level
    union all
    select
        segment.agent_id,
        segment.period_kind,
        segment.period_id,
        segment.segment_no,
        segment.scheme_id,
        segment.role,
        'execution_score' as event_kind,
        execution.quantity,
        execution.row_count,
        'score_rating' as input_model
    from {{ ref('dim_agent_period_segment') }} as segment
    inner join execution
        on
            segment.agent_id = execution.agent_id
            and segment.period_id = execution.period_id
),

event as (
    select
        *,
        'bonus_evidence' as input_model
    from placed
    union all
    select
        agent_id,
        period_kind,
        period_id,
        segment_no,
        scheme_id,
        role,
        event_kind,
        quantity,
        row_count,
        cast(null as date) as first_event_on,
        input_model
    from standing
)

select
    event.agent_id,
    event.period_kind,
    event.period_id,
    event.segment_no,
    event.scheme_id,
    event.role,
    event.event_kind,
    event.quantity,
    event.row_count,
    event.first_event_on,
    kind.is_standing,
    event.input_model
from event
inner join {{ ref('policy_event_kind') }} as kind
    on
        event.event_kind = kind.event_kind
        and event.period_id = kind.period_id
