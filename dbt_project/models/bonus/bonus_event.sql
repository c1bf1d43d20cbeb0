-- Grain: one agent, one month, one segment of service, one kind of event that pay counts.

{{ config(materialized='table') }}

{# Each count exists once, here: points, per_event and reviews read it. What holds of the month as a whole stands
   in its last segment. #}

with

counted as (
    select
        agent_id,
        month_id,
        segment_no,
        event_kind,
        cast(sum(quantity) as decimal(18, 6)) as quantity,
        cast(count(*) as bigint) as row_count
    from {{ ref('bonus_evidence') }}
    where is_counted
    group by agent_id, month_id, segment_no, event_kind
),

last_segment as (
    select
        agent_id,
        month_id,
        segment_no,
        level
    from {{ ref('dim_agent_month_segment') }}
    where is_last_segment
)

select
    agent_id,
    month_id,
    segment_no,
    event_kind,
    quantity,
    row_count,
    'bonus_evidence' as input_model
from counted
union all
select
    agent_id,
    month_id,
    segment_no,
    'month_in_service' as event_kind,
    cast(1 as decimal(18, 6)) as quantity,
    cast(1 as bigint) as row_count,
    'dim_agent_month_segment' as input_model
from last_segment
union all
select
    agent_id,
    month_id,
    segment_no,
    'month_as_' || level as event_kind,
    cast(1 as decimal(18, 6)) as quantity,
    cast(1 as bigint) as row_count,
    'dim_agent_month_segment' as input_model
from last_segment
where level is not null
union all
-- PT-07: the mean of the month's execution ratings.
select
    last_segment.agent_id,
    last_segment.month_id,
    last_segment.segment_no,
    'execution_score' as event_kind,
    cast(rating.value as decimal(18, 6)) as quantity,
    rating.denominator as row_count,
    'score_rating' as input_model
from last_segment
inner join {{ ref('score_rating') }} as rating
    on
        last_segment.agent_id = rating.agent_id
        and last_segment.month_id = rating.period_id
        and rating.dimension = 'execution'
