-- the score is not ranked
-- in: grade.grade
select distinct 'rank:' || score.agent_id || ':' || score.period_id as key
from {score.score} as score
inner join {policy.policy_grade_band} as band
    on score.period_id = band.period_id
    and score.scheme_id = band.scheme_id
where score.total_score is not null
-- found:
select node_key as key
from {audit.calculation_node}
