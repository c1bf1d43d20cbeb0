-- the weighed events are no part of the count
-- in: bonus.bonus_tally_line
select concat_ws(
    ':', 'tally_line', due.agent_id, due.period_id, due.component_id, due.segment_no,
    weighed.event_kind
) as key
from {bonus.bonus_due} as due
inner join {policy.policy_component_event} as weighed
    on due.component_id = weighed.component_id
    and due.period_id = weighed.period_id
    and weighed.use = 'weight'
-- found:
select node_key as key
from {audit.calculation_operand}
where starts_with(node_key, 'tally_line:')
