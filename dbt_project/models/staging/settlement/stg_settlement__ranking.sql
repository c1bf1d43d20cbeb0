-- Grain: one agent_id, one component_id, one period_id of a settled register.

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
from {{ source('settlement', 'ranking') }}
