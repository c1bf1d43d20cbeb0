-- Grain: one signal that asks for help, of those of the newest period of its kind.
with

due as (
    select
        agent_id, signal_kind, period_id,
        list({'condition': condition, 'threshold': threshold_value, 'actual': actual_value} order by condition_no) as conditions
    from marts.mart_career_signal
    where outcome <> 'not_due' and signal_kind in ('improvement_plan', 'transfer', 'demotion', 'dismissal')
    group by agent_id, signal_kind, period_id
)

select focus.team_id, due.*
from due
inner join focus using (agent_id)
qualify due.period_id = max(due.period_id) over (partition by due.agent_id, due.signal_kind)
order by focus.team_id, due.agent_id, due.signal_kind
