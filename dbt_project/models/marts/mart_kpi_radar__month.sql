-- Grain: one agent, one month, one signal: how many rows it counts, of how many.

select
    agent_id,
    month_id,
    signal_id,
    cast(greatest(sum(numerator), 0) as bigint) as numerator,
    cast(sum(denominator) as bigint) as denominator
from {{ ref('mart_kpi_radar__row') }}
group by agent_id, month_id, signal_id
