-- Grain: one agent, one month, one job-history interval in service within it.

select
    agent_id,
    period_id as month_id,
    segment_no,
    is_last_segment,
    first_day_on,
    last_day_on,
    day_count,
    period_day_count as month_day_count,
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
from {{ ref('dim_agent_period_segment') }}
where period_kind = 'month'
