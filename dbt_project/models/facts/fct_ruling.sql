-- Grain: one ruling on a disputed row, as known at the cut.

select
    ruling_id,
    entity,
    entity_id,
    entity_on,
    entity_ended_on,
    entity_due_on,
    kpi_scope,
    is_in_force,
    effect,
    reason,
    requested_by,
    requested_at,
    reviewer_id,
    decision,
    decided_at,
    note,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('int_ruling__in_force') }}
