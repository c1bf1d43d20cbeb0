-- Grain: one signal of the quarterly level review (PT-20, PT-21, PT-22), one condition.

{{ career_signals('level_review') }}
