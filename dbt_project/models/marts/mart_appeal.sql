-- Grain: one appeal against data behind a KPI, with its answer (BS-06).

select
    ruling_id,
    entity,
    entity_id,
    kpi_scope,
    requested_by,
    requested_at,
    reviewer_id,
    decision,
    decided_at,
    decision <> 'pending' as is_answered,
    {{ seconds_between('requested_at', 'decided_at') }} as answer_seconds,
    'BS-06' as clause_id
from {{ ref('fct_ruling') }}
where reason = 'appeal'
