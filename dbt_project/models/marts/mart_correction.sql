-- Grain: one line of a settled period that is or was to be paid differently, and what becomes of the difference.

select
    correction.period_kind,
    correction.period_id,
    correction.agent_id,
    agent.agent_name,
    correction.scheme_id,
    correction.component_id,
    correction.bonus_line_id,
    correction.line_label,
    correction.settled_cny,
    correction.adjusted_cny,
    correction.computed_cny,
    correction.difference_cny,
    correction.moved_cny,
    correction.ranking_correction,
    correction.owed_cny
from {{ ref('bonus_correction') }} as correction
left join {{ ref('dim_agent') }} as agent
    on correction.agent_id = agent.agent_id
