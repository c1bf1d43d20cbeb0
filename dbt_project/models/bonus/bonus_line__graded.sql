-- Grain: one line of the mechanism `graded`: base × coefficient of the grade, for one segment of service.

{{ graded_lines(ref('bonus_due')) }}
