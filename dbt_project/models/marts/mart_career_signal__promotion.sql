-- Grain: one promotion by one or two levels (LL-06, LL-07), one condition.

{{ career_signals('promotion') }}
