-- Grain: one ruling_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('governance', 'ruling', ['ruling_id']) }}
)

select
    ruling_id,
    entity,
    entity_id,
    kpi_id,
    reason,
    requested_by,
    requested_at,
    reviewer_id,
    decision,
    decided_at,
    note,
    {{ source_columns() }}
from newest
