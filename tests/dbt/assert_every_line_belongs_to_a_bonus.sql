-- Lines that no bonus sums. That a bonus is the sum of its lines is held by the expectation on the published relations.

select
    line.bonus_line_id,
    line.bonus_id
from {{ ref('bonus_line') }} as line
left join {{ ref('bonus') }} as bonus
    on
        line.bonus_id = bonus.bonus_id
        and line.agent_id = bonus.agent_id
        and line.period_id = bonus.period_id
where bonus.bonus_id is null
