-- Grain: one accepted excellent case or knowledge article.
-- Reads: workforce.recognition.status.

select
    'knowledge_share_count' as kpi_id,
    'fct_recognition' as evidence_model,
    recognition.recognition_id as evidence_key,
    'recognition' as entity,
    recognition.recognition_id as entity_id,
    recognition.agent_id as agent_id,
    recognition.occurred_on as event_on,
    cast(1 as decimal(18, 6)) as numerator,
    cast(0 as bigint) as denominator,
    cast(null as string) as exclusion_reason,
    cast(null as string) as ruling_id,
    false as is_pending
from {{ ref('fct_recognition') }} as recognition
where recognition.kind in ('excellent_case', 'knowledge_article')
    and recognition.status = 'accepted'
