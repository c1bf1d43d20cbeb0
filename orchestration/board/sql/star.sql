-- What the boards ask of the star around the marts, made of the score cards.
create temp view agent_period as
select distinct
    period_kind, period_id, agent_id, agent_name, scheme_id, coalesce(team_id, '') as team_id, role,
    total_score, score_status, rank, cohort_size, grade
from marts.mart_agent_scorecard;

create temp view scheme as
select distinct scheme_id, scheme_id as name_en, scheme_id as name_zh, 0 as scheme_order from agent_period;

create temp view team as
select distinct group_id as team_id, team_name, '' as lead_agent_id
from marts.mart_team_kpi
where group_kind = 'team';

create temp view grade_name as
select distinct grade, grade as label_en, grade as label_zh,
    dense_rank() over (order by (grade <> 'S') asc, grade asc) as grade_order
from agent_period
where grade is not null
