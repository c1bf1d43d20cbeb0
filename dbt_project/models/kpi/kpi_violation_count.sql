-- Grain: one violation.
-- Reads: no optional column.

select
    'violation_count' as kpi_id,
    'fct_violation' as evidence_model,
    violation.violation_id as evidence_key,
    'violation' as entity,
    violation.violation_id as entity_id,
    violation.agent_id as agent_id,
    violation.occurred_on as event_on,
    cast(1 as decimal(18, 6)) as numerator,
    cast(0 as bigint) as denominator,
    violation.invalid_reason as exclusion_reason,
    violation.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_violation') }} as violation
