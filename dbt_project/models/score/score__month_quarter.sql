-- Grain: one agent, one month or quarter in which the agent's plan scores.

{{ score_totals(ref('score_line__month_quarter')) }}
