-- An adjustment corrects a line that was settled or should have been, never one of an open period (PR-04).

select
    line.bonus_line_id,
    line.adjusts_bonus_line_id
from {{ ref('bonus_line') }} as line
left join {{ ref('bonus_correction') }} as correction
    on line.adjusts_bonus_line_id = correction.bonus_line_id
left join {{ ref('fct_settled_line') }} as settled
    on line.adjusts_bonus_line_id = settled.bonus_line_id
where
    line.adjusts_bonus_line_id is not null
    and correction.bonus_line_id is null
    and settled.bonus_line_id is null
