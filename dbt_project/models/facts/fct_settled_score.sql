-- Grain: one agent, one settled period: the score and grade its register rests on.

select
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    total_score,
    grade
from {{ ref('stg_settlement__score') }}
