-- Grain: one agent, one month, one job-history interval in service within it.

with

overlapping as (
    select
        segment.*,
        period.period_id as month_id,
        period.day_count as month_day_count,
        greatest(segment.segment_from_on, period.starts_on) as first_day_on,
        least(segment.segment_to_on, period.ends_before_on) as ends_before_on
    from {{ ref('dim_agent_segment') }} as segment
    inner join {{ ref('dim_period') }} as period
        on
            period.period_kind = 'month'
            and segment.segment_from_on < period.ends_before_on
            and segment.segment_to_on > period.starts_on
)

select
    agent_id,
    month_id,
    cast(
        row_number() over (partition by agent_id, month_id order by first_day_on asc nulls last) as bigint
    ) as segment_no,
    lead(first_day_on) over (
        partition by agent_id, month_id order by first_day_on asc nulls last
    ) is null as is_last_segment,
    first_day_on,
    {{ add_days('ends_before_on', -1) }} as last_day_on,
    {{ days_between('first_day_on', 'ends_before_on') }} as day_count,
    month_day_count,
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
from overlapping
