-- Grain: one review_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('ticket', 'quality_review', ['review_id']) }}
)

select
    review_id,
    agent_id,
    reviewed_at,
    {{ local_date('reviewed_at') }} as reviewed_on,
    score,
    is_passed,
    deduction,
    dimension,
    contact_id,
    reviewer_id,
    {{ source_columns() }}
from newest
