-- A node whose parent is missing would be a number nobody can ask for (PR-05).

select
    node.bonus_id,
    node.node_id,
    node.parent_node_id
from {{ ref('bonus_trace') }} as node
left join {{ ref('bonus_trace') }} as parent
    on
        node.bonus_id = parent.bonus_id
        and node.parent_node_id = parent.node_id
where
    (node.parent_node_id is null and node.depth > 0)
    or (node.parent_node_id is not null and parent.node_id is null)
