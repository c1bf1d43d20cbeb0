-- Grain: one agent, one month or quarter, one measure that the agent's plan scores.

{{ score_lines(ref('score_observation'), ['month', 'quarter']) }}
