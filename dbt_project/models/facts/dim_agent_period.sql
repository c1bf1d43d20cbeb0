-- Grain: one agent, one period with at least one day in service: attributes of the last day in service.

with

in_period as (
    select
        period_month.period_kind,
        period_month.period_id,
        segment.*,
        row_number() over (
            partition by segment.agent_id, period_month.period_id order by segment.first_day_on desc nulls last
        ) as recency,
        sum(segment.day_count) over (partition by segment.agent_id, period_month.period_id) as service_day_count
    from {{ ref('dim_agent_month_segment') }} as segment
    inner join {{ ref('dim_period_month') }} as period_month
        on segment.month_id = period_month.month_id
)

select
    agent_id,
    period_kind,
    period_id,
    last_day_on,
    cast(service_day_count as bigint) as service_day_count,
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
    scheme_id
from in_period
where recency = 1
