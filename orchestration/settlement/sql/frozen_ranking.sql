select *, subject_id as agent_id
from bonus.bonus_ranking where subject = 'agent' and period_id = $period_id
