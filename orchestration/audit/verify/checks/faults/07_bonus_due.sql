-- what is counted is paid by days where it holds throughout, and only there
-- in: bonus.bonus_due
with counted as (
    select component_id, period_id, bool_and(is_standing) as is_standing
    from {bonus.bonus_tally_line} as line
    inner join {policy.policy_event_kind} as kind using (period_id, event_kind)
    group by all
)
select concat_ws(':', agent_id, period_id, component_id, segment_no) as key,
    'is paid by days though it counts events, or the other way round' as problem
from {bonus.bonus_due} as due inner join counted using (component_id, period_id)
where is_standing <> (period_day_count > 1)
