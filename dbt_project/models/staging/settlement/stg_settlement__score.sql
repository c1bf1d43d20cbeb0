-- Grain: one agent_id, one period_id of a settled register.

select
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    total_score,
    grade,
    cohort_id,
    cohort_size,
    rank
from {{ source('settlement', 'score') }}
