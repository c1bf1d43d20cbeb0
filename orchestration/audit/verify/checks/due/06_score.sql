-- the score is no number of the calculation
-- in: score.score
select 'score:' || agent_id || ':' || period_id as key
from {score.score}
-- found:
select node_key as key
from {audit.calculation_node}
