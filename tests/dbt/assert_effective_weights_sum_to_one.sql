-- S-MISSING spreads every weight that is missing: what is scored always weighs 1. Each weight is kept to 12 decimals.

select
    agent_id,
    period_id,
    sum(effective_weight) as effective_weight
from {{ ref('score_line') }}
group by agent_id, period_id
having
    count_if(is_scored) > 0
    and abs(sum(effective_weight) - 1) > count(*) * cast(0.000000000001 as decimal(13, 12))
