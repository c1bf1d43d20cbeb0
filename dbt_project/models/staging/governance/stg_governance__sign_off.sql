-- Grain: one period_id, one reviewer_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('governance', 'sign_off', ['period_id', 'reviewer_id']) }}
)

select
    period_id,
    reviewer_id,
    signed_at,
    {{ source_columns() }}
from newest
