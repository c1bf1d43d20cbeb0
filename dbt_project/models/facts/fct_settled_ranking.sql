-- Grain: one agent, one award by rank of a settled period: the rank its register rests on.

select
    period_kind,
    period_id,
    component_id,
    agent_id,
    scope_id,
    ranked_value,
    case_count,
    tie_break_1,
    tie_break_2,
    rank
from {{ ref('stg_settlement__ranking') }}
