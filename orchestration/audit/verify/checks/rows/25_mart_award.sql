-- award = line, team's rank or honour
-- in: marts.mart_award
select concat_ws(':', line.period_id, line.component_id, line.agent_id) as award_id,
    line.bonus_line_id, line.agent_id, null as team_id, ranking.rank, ranking.ranked_value
from {bonus.bonus_line} as line
left join {bonus.bonus_ranking} as ranking on line.component_id = ranking.component_id
    and line.period_id = ranking.period_id and line.agent_id = ranking.subject_id and is_awarded
where line.mechanism in (select mechanism from {policy.policy_award})
union all
select concat_ws(':', period_id, component_id, subject_id), null, null, subject_id, rank, ranked_value
from {bonus.bonus_ranking} where subject = 'team' and is_awarded
union all
select concat_ws(':', period_id, consequence, subject_id), null,
    case subject when 'agent' then subject_id end, case subject when 'team' then subject_id end, null,
    total_score
from {grade.grade_outcome} where kind = 'award' and is_met
