-- Events on the days of a due component's own plan and role (S-MOVE).
select due.*, event.event_kind, event.is_standing, event.quantity, event.segment_no as held_segment_no
from {bonus.bonus_due} as due
inner join {bonus.bonus_event} as event
    on due.agent_id = event.agent_id and due.period_id = event.period_id
    and is_own(due.scheme_id, due.component_role, event.scheme_id, event.role)
