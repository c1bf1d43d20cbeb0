-- Grain: one agent, one year in which the agent's plan scores.

{{ score_totals(ref('score_line__year')) }}
