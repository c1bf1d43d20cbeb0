-- score
-- in: facts.fct_settled_score
select score.*, grade.grade, grade.cohort_id, grade.cohort_size, grade.rank
from {score.score} as score
left join {grade.grade} as grade
    on score.agent_id = grade.agent_id and score.period_id = grade.period_id
where score.period_id in (select period_id from {settlement.record})
