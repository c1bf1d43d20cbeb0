-- what is counted = events of the own days
-- in: bonus.bonus_tally_line
select line.agent_id, line.period_id, line.component_id, line.segment_no, line.event_kind,
    case when any_value(has_export) then coalesce(sum(case when is_standing and not is_by_segment
        then exact_ratio(event.quantity * held.day_count, held.period_day_count)
            else event.quantity end
    ), 0) end as event_quantity
from {bonus.bonus_tally_line} as line
left join {own_event} as event on line.agent_id = event.agent_id
    and line.period_id = event.period_id
    and line.component_id = event.component_id and line.segment_no = event.segment_no
    and line.event_kind = event.event_kind
    and (not is_by_segment or event.segment_no = held_segment_no)
left join {facts.dim_agent_period_segment} as held on line.agent_id = held.agent_id
    and line.period_id = held.period_id and held_segment_no = held.segment_no
group by all
