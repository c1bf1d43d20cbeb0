-- Grain: one newest bonus: the steps of its calculation as one JSON list, ready for the page.
with

newest as (
    select agent_id, period_kind, max(period_id) as period_id
    from bonus.bonus
    group by all
),

node as (
    select
        trace.*, bonus.agent_id,
        row_number() over (partition by trace.bonus_id order by depth, position, node_id) as node_no
    from audit.bonus_trace as trace
    inner join bonus.bonus as bonus using (bonus_id)
    inner join newest on bonus.agent_id = newest.agent_id and bonus.period_id = newest.period_id
    -- Rows of a table that were not the ones read say nothing to whom it is about.
    where trace.operand is distinct from 'row' or trace.is_chosen is not false
),

told as (
    select
        node.agent_id, node.period_id, node.node_no, node.kind, node.input_key, coalesce(parent.node_no, 0) as parent_no,
        node.label, node.label_zh,
        coalesce(
            case
                when node.unit = 'cny' then format('{:,.2f}', cast(node.value as double))
                else regexp_replace(regexp_replace(cast(node.value as varchar), '(\.\d*?)0+$', '\1'), '\.$', '')
            end,
            node.text_value, ''
        ) as value,
        coalesce(replace(node.reason, '_', ' '), '') as reason_en, coalesce(node.reason_zh, '') as reason_zh,
        coalesce(node.clause_id, '') as clause_id, node.is_chosen
    from node
    left join node as parent on node.parent_node_id = parent.node_id and node.bonus_id = parent.bonus_id
)

select
    agent_id, period_id,
    cast(to_json(list([
        to_json(node_no), to_json(parent_no), to_json(label), to_json(label_zh), to_json(value), to_json(reason_en),
        to_json(reason_zh), to_json(clause_id), to_json(is_chosen)
    ] order by node_no)) as varchar) as steps,
    list({'line_id': input_key, 'node_no': node_no} order by node_no) filter (where kind = 'line') as places,
    list({'node_no': node_no, 'label': label, 'label_zh': label_zh, 'reason_en': reason_en, 'reason_zh': reason_zh, 'clause_id': clause_id}
        order by node_no) filter (where kind = 'unpaid') as unpaid
from told
group by all
order by agent_id, period_id
