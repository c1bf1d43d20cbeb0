-- Grain: one line of the mechanism `per_event`: an amount for each event of one kind, for one segment of service.

select
    due.agent_id,
    due.period_kind,
    due.period_id,
    due.scheme_id,
    due.component_id,
    due.segment_no,
    '' as item,
    due.component_label_en as line_label,
    tally.quantity,
    due.basis as quantity_unit,
    cast(rate.amount_cny as decimal(18, 8)) as rate,
    due.day_count,
    due.period_day_count,
    rate.clause_id,
    rate.value_origin,
    'bonus_tally' as input_model,
    due.agent_id || ':' || due.period_id || ':' || due.component_id || ':'
    || cast(due.segment_no as string) as input_key,
    {{ line_nodes([
        line_uses(
            node_key="'tally:' || " ~ key_of('bonus_tally', 'tally'), parent_key="''", operand="'quantity'", position=1
        ),
    ] + looked_up('rate', 'amount', 'due', 'rate', "'amount for each'", "'单价'", position=2)) }} as nodes
from {{ ref('bonus_due') }} as due
inner join {{ ref('bonus_tally') }} as tally
    on
        due.agent_id = tally.agent_id
        and due.period_id = tally.period_id
        and due.component_id = tally.component_id
        and due.segment_no = tally.segment_no
inner join {{ ref('policy_component_rate') }} as rate
    on
        due.component_id = rate.component_id
        and due.period_id = rate.period_id
        and due.rate_key = rate.rate_key
        and {{ in_band('due.band_value', 'rate') }}
where due.mechanism = 'per_event' and tally.quantity <> 0
