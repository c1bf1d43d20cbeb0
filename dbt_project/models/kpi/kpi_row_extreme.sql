-- Grain: one KPI, one month, one agent, one denominator: the least and the most that one counted row adds.

select
    kpi_id,
    month_id,
    agent_id,
    denominator,
    min(numerator) as least_numerator,
    max(numerator) as most_numerator
from {{ ref('kpi_evidence') }}
where is_counted
group by
    kpi_id,
    month_id,
    agent_id,
    denominator
