select line.*, grade.grade, grade.method, grade.cohort_size, score.total_score
from {side}.bonus.bonus_line as line
left join {side}.grade.grade as grade using (agent_id, period_id)
left join {side}.score.score as score using (agent_id, period_id)
