-- Grain: one agent, one KPI scored in the agent's newest period.
select
    focus.team_id, card.agent_id, card.kpi_id, card.kpi_name_zh, card.kpi_name_en, card.unit, card.direction, card.value,
    card.floor_value, card.target_value, card.stretch_value, card.points
from marts.mart_agent_scorecard as card
inner join focus using (agent_id, period_id)
where card.points is not null and card.target_value is not null
order by focus.team_id, card.agent_id, card.points, card.kpi_id
