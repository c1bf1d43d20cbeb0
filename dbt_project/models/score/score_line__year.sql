-- Grain: one agent, one year, one measure that the agent's plan scores.

{{ score_lines(ref('score_observation__year'), ['year']) }}
