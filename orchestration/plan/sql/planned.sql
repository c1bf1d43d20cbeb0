-- Lines of the chosen periods as published (a) and as planned (b), with whom and where they are of.
create or replace temp table plan_name as
select scheme_id, max_by(name_en, period_id) as name_en, max_by(name_zh, period_id) as name_zh
from (from a.policy.policy_scheme union all by name from b.policy.policy_scheme)
group by scheme_id;

create or replace temp table planned as
with
one as (select * from a.bonus.bonus_line semi join chosen using (period_id)),
other as (select * from b.bonus.bonus_line semi join chosen using (period_id)),
line as (
    select
        bonus_line_id,
        coalesce(other.period_id, one.period_id) as period_id,
        coalesce(other.agent_id, one.agent_id) as agent_id,
        coalesce(other.scheme_id, one.scheme_id) as scheme_id,
        coalesce(other.line_label, one.line_label) as label_en,
        coalesce(other.line_label_zh, one.line_label_zh) as label_zh,
        coalesce(other.adjusts_bonus_line_id, one.adjusts_bonus_line_id) as adjusts_bonus_line_id,
        one.amount_cny as before_cny,
        other.amount_cny as after_cny
    from one full outer join other using (bonus_line_id)
)
select
    line.*,
    chosen.period_kind,
    chosen.starts_on,
    chosen.is_settled,
    coalesce(agent.team_id, '') as team_id,
    coalesce(one_grade.grade, '') as grade_before,
    coalesce(other_grade.grade, '') as grade_after
from line
inner join chosen using (period_id)
left join a.facts.dim_agent_period as agent using (agent_id, period_id)
left join a.grade.grade as one_grade using (agent_id, period_id)
left join b.grade.grade as other_grade using (agent_id, period_id);
