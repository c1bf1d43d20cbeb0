-- Grain: one agent_id, one period_id of a settled register.

select
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    total_score,
    grade
from {{ source('settlement', 'score') }}
