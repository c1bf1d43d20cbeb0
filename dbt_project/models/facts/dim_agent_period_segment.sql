-- Grain: one agent, one month, quarter or year, one job-history interval in service within it.

{# S-PRORATE: days of the calendar, before the first month with data and after the business date too: who is in service
   at the cut counts as staying to the end of the period. Listed are the periods in which the agent served on a day of a
   month that has data. #}

with

known as (
    select
        min(starts_on) as starts_on,
        max(ends_before_on) as ends_before_on
    from {{ ref('dim_period') }}
    where period_kind = 'month'
),

overlapping as (
    select
        segment.*,
        period.period_kind,
        period.period_id,
        period.day_count as period_day_count,
        greatest(segment.segment_from_on, period.starts_on) as first_day_on,
        least(segment.segment_to_on, period.ends_before_on) as ends_before_on,
        least(segment.spell_to_on, period.ends_before_on) as spell_ends_before_on
    from {{ ref('dim_agent_segment') }} as segment
    inner join {{ ref('dim_period') }} as period
        on
            segment.segment_from_on < period.ends_before_on
            and segment.segment_to_on > period.starts_on
),

judged as (
    select
        overlapping.*,
        count(
            case
                when overlapping.first_day_on < known.ends_before_on and overlapping.ends_before_on > known.starts_on
                    then 1
            end
        ) over (partition by overlapping.agent_id, overlapping.period_id) > 0 as is_known
    from overlapping
    cross join known
)

select
    agent_id,
    period_kind,
    period_id,
    cast(
        row_number() over (partition by agent_id, period_id order by first_day_on asc nulls last) as bigint
    ) as segment_no,
    lead(first_day_on) over (
        partition by agent_id, period_id order by first_day_on asc nulls last
    ) is null as is_last_segment,
    first_day_on,
    {{ add_days('ends_before_on', -1) }} as last_day_on,
    {{ add_days('spell_ends_before_on', -1) }} as service_last_day_on,
    {{ days_between('first_day_on', 'ends_before_on') }} as day_count,
    period_day_count,
    team_id,
    department,
    role,
    customer_group,
    level,
    employment,
    education,
    hired_on,
    left_on,
    base_salary_cny,
    scheme_id,
    effective_from_on
from judged
where is_known
