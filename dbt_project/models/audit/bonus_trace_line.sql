-- Grain: one line that has a tree of its own in a bonus: each line of it, and below an adjustment the corrected one.

{# An adjustment rests on the corrected line as today's data and policy make it. In a later publication an adjustment
   that is settled itself has no such tree: the publication it was settled on has. #}

select
    bonus_id,
    bonus_line_id as node_id,
    bonus_id as parent_node_id,
    1 as depth,
    bonus_line_id,
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    component_id,
    segment_no,
    line_label,
    quantity,
    quantity_unit,
    rate,
    day_count,
    period_day_count,
    amount_cny,
    clause_id,
    'bonus_line' as line_model,
    input_model,
    input_key,
    adjusts_bonus_line_id
from {{ ref('bonus_line') }}
union all
select
    adjustment.bonus_id,
    adjustment.bonus_line_id || '/recalculated' as node_id,
    adjustment.bonus_line_id || '/quantity' as parent_node_id,
    3 as depth,
    computed.bonus_line_id,
    computed.period_kind,
    computed.period_id,
    computed.agent_id,
    computed.scheme_id,
    computed.component_id,
    computed.segment_no,
    computed.line_label,
    computed.quantity,
    computed.quantity_unit,
    computed.rate,
    computed.day_count,
    computed.period_day_count,
    computed.amount_cny,
    computed.clause_id,
    'bonus_line_computed' as line_model,
    computed.input_model,
    computed.input_key,
    cast(null as string) as adjusts_bonus_line_id
from {{ ref('bonus_line__adjustment') }} as adjustment
inner join {{ ref('bonus_line_computed') }} as computed
    on adjustment.adjusts_bonus_line_id = computed.bonus_line_id
