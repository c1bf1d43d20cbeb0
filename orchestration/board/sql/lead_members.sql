-- Grain: one agent of a team in the newest month, with the total scores of the months and the one before.
with

history as (
    select
        agent_id,
        list(total_score order by period_id) as totals,
        list(period_id order by period_id) as months
    from marts.mart_agent_period
    where period_kind = 'month'
    group by agent_id
)

select
    focus.team_id, focus.agent_id, focus.agent_name, focus.role, focus.scheme_id, scheme.name_zh, scheme.name_en,
    focus.period_id, focus.total_score, focus.score_status, focus.rank, focus.cohort_size, focus.grade,
    before.total_score as total_before, history.totals
from focus
left join marts.dim_scheme as scheme using (scheme_id)
left join history using (agent_id)
left join (
    select agent_id, period_id, lag(total_score) over (partition by agent_id, period_kind order by period_id) as total_score
    from marts.mart_agent_period
) as before using (agent_id, period_id)
where focus.is_present
order by focus.team_id, focus.total_score desc nulls last, focus.agent_id
