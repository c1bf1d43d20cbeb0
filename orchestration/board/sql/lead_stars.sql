-- Grain: one honour of a team or of one of its members.
select
    coalesce(roll.team_id, focus.team_id) as team_id, roll.agent_id, focus.agent_name, roll.team_name,
    roll.period_id, roll.rank, roll.label_zh, roll.label_en, roll.clause_id
from marts.mart_honour_roll as roll
left join focus using (agent_id)
where coalesce(roll.team_id, focus.team_id) is not null
order by 1, roll.period_id desc, roll.clause_id, roll.rank, roll.award_id
