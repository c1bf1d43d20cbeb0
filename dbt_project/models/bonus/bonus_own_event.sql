-- Grain: one due component, one segment paid, one kind of event, one segment of its own days that the events lie in.

{# S-MOVE: an event is a component's own where the agent held its plan and role. By itself and not in a condition of
   outer joins: with an alternative among those every pair is looked at. #}

select
    due.agent_id,
    due.period_id,
    due.component_id,
    due.segment_no,
    event.segment_no as event_segment_no,
    event.event_kind,
    event.is_standing,
    event.quantity,
    due.segment_no = event.segment_no or not due.is_by_segment as is_of_segment
from {{ ref('bonus_due_days') }} as due
inner join {{ ref('bonus_event') }} as event
    on
        due.agent_id = event.agent_id
        and due.period_id = event.period_id
        and {{ is_own_day('due', 'event') }}
