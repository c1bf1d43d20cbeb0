-- Grain: one signal that asks for help, of the newest period that its kind was judged for, whoever was: rows of some
-- signals are there only when they apply, so that an old one is not outdated by a newer row.
with

-- Of a kind of period the newest that was graded, and the newest that has ended.
newest as (
    select
        place.period_kind,
        max(place.period_id) filter (where place.grade is not null) as graded_id,
        max(place.period_id) filter (where period.has_ended) as ended_id
    from marts.mart_agent_period as place
    inner join marts.dim_period as period using (period_id)
    group by place.period_kind
),

due as (
    select
        signal.agent_id, signal.signal_kind, signal.period_id,
        list({'condition': condition, 'threshold': threshold_value, 'actual': actual_value} order by condition_no) as conditions
    from marts.mart_career_signal as signal
    inner join newest
        on
            signal.period_kind = newest.period_kind
            -- A demotion is of the review of an ended period, the others follow from grades, provisional ones too.
            and signal.period_id = case signal.signal_kind when 'demotion' then newest.ended_id else newest.graded_id end
    where
        signal.outcome <> 'not_due'
        and signal.signal_kind in ('improvement_plan', 'transfer', 'demotion', 'dismissal')
    group by signal.agent_id, signal.signal_kind, signal.period_id
)

select focus.team_id, due.*
from due
inner join focus using (agent_id)
where focus.is_present
order by focus.team_id, due.agent_id, due.signal_kind, due.period_id
