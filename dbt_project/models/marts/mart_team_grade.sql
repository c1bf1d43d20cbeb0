-- Grain: one team, one plan, one period in which the plan grades teams (CG-24).

select
    grade.period_kind,
    grade.period_id,
    grade.team_id,
    team.team_name,
    grade.scheme_id,
    grade.member_count,
    grade.scored_member_count,
    grade.total_score,
    grade.grade,
    grade.status,
    grade.maturity,
    grade.clause_id
from {{ ref('grade_team') }} as grade
left join {{ ref('dim_team') }} as team
    on grade.team_id = team.team_id
