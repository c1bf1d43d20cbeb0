select
    agent_id, period_id, coalesce(score.scheme_id, grade.scheme_id) as plan,
    coalesce(score.role, grade.role) as role,
    score.total_score, score.status, grade.grade, grade.method, grade.rank, grade.cohort_size
from {side}.score.score as score full outer join {side}.grade.grade as grade using (agent_id, period_id)
