-- bonus_line
-- in: facts.fct_settled_line
select *
from {bonus.bonus_line}
where period_id in (select period_id from {settlement.record})
