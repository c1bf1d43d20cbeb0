-- Grain: one agent, one KPI of the newest period, with the values of the periods of this kind up to it and what the
-- data score would gain with the most points.
with

history as (
    select period_kind, agent_id, kpi_id, list(value order by period_id) as told
    from marts.mart_agent_scorecard
    group by all
)

select
    card.agent_id, card.kpi_id, card.kpi_name_zh, card.kpi_name_en, card.unit, card.direction, card.value, card.numerator,
    card.denominator, card.floor_value, card.target_value, card.stretch_value, card.points, card.effective_weight, history.told,
    case when card.points is not null then greatest(0, round(
        card.effective_weight * (case when card.stretch_value is null then most.target_points else most.stretch_points end - card.points), 2
    )) end as gain
from marts.mart_agent_scorecard as card
inner join focus using (agent_id, period_id)
inner join policy.policy_convention as most on card.period_id = most.period_id
left join history on card.period_kind = history.period_kind and card.agent_id = history.agent_id and card.kpi_id = history.kpi_id
where card.points is not null or card.value is not null
order by card.agent_id, (card.points is null) asc, card.effective_weight desc nulls last, card.kpi_id
