-- Grain: one agent, one month, one queue worked in, one signal: how many rows it counts, of how many.

select
    agent_id,
    month_id,
    role,
    customer_group,
    signal_id,
    cast(sum(numerator) as bigint) as numerator,
    cast(sum(denominator) as bigint) as denominator
from {{ ref('mart_kpi_radar__row') }}
group by agent_id, month_id, role, customer_group, signal_id
