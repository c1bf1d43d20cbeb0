-- Grain: one agent, one settled period: the score, place and grade its register rests on.

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
from {{ ref('stg_settlement__score') }}
