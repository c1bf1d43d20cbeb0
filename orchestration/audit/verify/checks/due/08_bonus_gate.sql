-- the limit is no condition of the due component
-- in: bonus.bonus_gate
select concat_ws(
    ':', 'gate', due.agent_id, due.period_id, due.component_id, due.segment_no,
    limits.event_kind, limits.comparison
) as key
from {bonus.bonus_due} as due
inner join {policy.policy_component_event} as limits
    on due.component_id = limits.component_id
    and due.period_id = limits.period_id
    and limits.use = 'gate'
inner join {bonus.bonus_tally} as tally
    on due.agent_id = tally.agent_id
    and due.period_id = tally.period_id
    and due.component_id = tally.component_id
    and due.segment_no = tally.segment_no
-- found:
select node_key as key
from {audit.calculation_operand}
where operand = 'condition'
