-- ranking
-- in: facts.fct_settled_ranking
select *, subject_id as agent_id
from {bonus.bonus_ranking}
where subject = 'agent'
    and period_id in (select period_id from {settlement.record})
