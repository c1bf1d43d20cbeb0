-- Grain: one agent, one period with at least one day in service: attributes of the last day in service.

with

counted as (
    select
        *,
        sum(day_count) over (partition by agent_id, period_id) as service_day_count
    from {{ ref('dim_agent_period_segment') }}
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
from counted
where is_last_segment
