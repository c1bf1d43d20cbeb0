-- Grain: one cross-team support: its rating.
-- Reads: no optional column.

select
    'collaboration_score' as kpi_id,
    'fct_collaboration' as evidence_model,
    support.collaboration_id as evidence_key,
    'collaboration' as entity,
    support.collaboration_id as entity_id,
    support.agent_id as agent_id,
    support.occurred_on as event_on,
    cast(coalesce(support.rating, 0) as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    cast(null as string) as exclusion_reason,
    cast(null as string) as ruling_id,
    false as is_pending
from {{ ref('fct_collaboration') }} as support
