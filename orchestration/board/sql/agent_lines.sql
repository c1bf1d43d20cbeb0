-- Grain: one line of an agent's newest bonus of each kind of period, with the number of its place in the calculation.
with

newest as (
    select agent_id, period_kind, max(period_id) as period_id
    from bonus.bonus
    group by all
)

select
    line.agent_id, line.period_kind, line.period_id, line.line_no, line.bonus_line_id, line.line_label, line.line_label_zh,
    line.quantity, line.quantity_unit, line.rate, line.amount_cny, line.clause_id, line.adjusts_bonus_line_id
from bonus.bonus_line as line
inner join newest using (agent_id, period_id)
order by line.agent_id, line.period_kind, line.line_no
