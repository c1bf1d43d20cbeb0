-- every number is of whom what it rests on is, of nobody where that is nobody's, and of the period that its key says
-- in: audit.calculation_node
with edge as (
    select
        parent_key, below.node_key, below.operand, below.agent_id,
        parent.agent_id as parent_agent_id, own.agent_id as own_agent_id
    from {audit.calculation_operand} as below
    inner join {audit.calculation_node} as parent on below.parent_key = parent.node_key
    inner join {audit.calculation_node} as own on below.node_key = own.node_key
)
select distinct 'node_key=' || parent_key as key, 'is of another than ' || node_key as problem
from edge
where agent_id is distinct from coalesce(parent_agent_id, own_agent_id)
    or operand <> 'member' and coalesce(own_agent_id <> coalesce(parent_agent_id, ''), false)
union all
select 'node_key=' || node_key, 'is not of whom its cell is'
from {audit.calculation_node} as number
inner join {audit.relation_key} as own on number.input_model = own.model and own.column_name = 'agent_id'
where number.agent_id is null or not contains(':' || number.input_key || ':', ':' || number.agent_id || ':')
union all
select 'node_key=' || node_key, 'is not of whom the bonus is'
from {audit.calculation_node} as number
inner join {bonus.bonus} as bonus on number.input_model = 'bonus' and number.input_key = bonus.bonus_id
where number.agent_id is distinct from bonus.agent_id
union all
select 'node_key=' || node_key, 'is of a period that its key does not say'
from (
    select node_key as said_by, node_key, agent_id, period_id from {audit.calculation_node}
    union all
    select parent_key, node_key, agent_id, period_id from {audit.calculation_operand}
) as number
-- The id of a line that corrects a settled one says both periods.
left join {bonus.bonus_line} as line on substr(said_by, strpos(said_by, ':') + 1) = line.bonus_line_id
where (number.agent_id is null) <> (number.period_id is null)
    or number.period_id <> line.period_id
    or not contains(':' || translate(said_by, '/>', '::') || ':', ':' || number.period_id || ':')
