-- Grain: one award of an agent or a team, without money: the star list that may be shown to everyone.

select
    award.award_id,
    award.award_kind,
    award.subject,
    award.agent_id,
    award.team_id,
    team.team_name,
    award.scheme_id,
    award.period_kind,
    award.period_id,
    award.scope,
    award.scope_id,
    award.rank,
    award.ranked_by,
    award.ranked_value,
    award.label_en,
    award.label_zh,
    award.clause_id,
    award.maturity
from {{ ref('mart_award') }} as award
left join {{ ref('dim_team') }} as team
    on award.team_id = team.team_id
