-- Grain: one line of the mechanism `top_n`: an award by rank.

select
    subject_id as agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    cast(1 as bigint) as segment_no,
    '' as item,
    label_en || ' (rank ' || cast(rank as string) || ')' as line_label,
    amount_cny as quantity,
    'cny' as quantity_unit,
    cast(1 as decimal(18, 8)) as rate,
    cast(1 as bigint) as day_count,
    cast(1 as bigint) as period_day_count,
    clause_id,
    value_origin,
    'bonus_ranking' as input_model,
    period_id || ':' || component_id || ':' || subject_id as input_key,
    {{ line_nodes([
        line_node(
            node_key="'quantity'", parent_key="''", operand="'quantity'", position=1, kind="'award'", operation="'row'",
            label="'award of the rank'", label_zh="'名次奖金'", unit="'cny'", value='amount_cny',
            table_key="'rates:' || period_id || ':' || component_id || ':amount'",
            chosen_key=key_of('policy_component_rate', 'ranking', {'rate_key': "''"}), clause_id='clause_id',
            value_origin='value_origin'
        ),
        line_uses(
            node_key="'award_rank:' || " ~ key_of('bonus_ranking', 'ranking'), parent_key="'quantity'",
            operand="'number'", position=1
        ),
    ]) }} as nodes
from {{ ref('bonus_ranking') }} as ranking
where
    mechanism = 'top_n'
    and subject = 'agent'
    and is_awarded
