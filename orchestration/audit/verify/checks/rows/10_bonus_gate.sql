-- what a condition looks at = events of the own days
-- in: bonus.bonus_gate
select gate.agent_id, gate.period_id, gate.component_id, gate.segment_no, gate.event_kind,
    gate.comparison, case when any_value(status) <> 'no_export' then coalesce(
        max(event.quantity) filter (is_standing), sum(event.quantity), 0
    ) end as event_quantity
from {bonus.bonus_gate} as gate
left join {own_event} as event on gate.agent_id = event.agent_id
    and gate.period_id = event.period_id
    and gate.component_id = event.component_id and gate.segment_no = event.segment_no
    and gate.event_kind = event.event_kind
group by all
