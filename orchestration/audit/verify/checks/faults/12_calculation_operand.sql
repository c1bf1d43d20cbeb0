-- every number reads the policy of its own period, component and kind
-- in: audit.calculation_operand
with number as (
    select node_key, coalesce(number.input_model, 'line') as model,
        -- The id of a line begins with the key of what is due; the agent's part of it is of no interest here.
        coalesce(
            number.input_key,
            regexp_replace(node_key, '^line:([^:]*):.*?:([^:/]*[^:/0-9][^:/]*):\d+:[^/]*(/.*)?$', '\1::\2')
        ) as key
    from {audit.calculation_node} as number
    where number.input_model is not null or node_key like 'line:%/%'
),
named as (
    select model, column_name, position,
        -- Behind an agent's id, which may have any sign in it, parts are counted from the end.
        if(position > max(position) filter (where column_name = 'agent_id') over (partition by model),
            position - count(*) over (partition by model) - 1, position) as part
    from {audit.relation_key}
    union all
    select 'line', unnest(names), generate_subscripts(names, 1), generate_subscripts(names, 1)
    from (select ['period_id', 'agent_id', 'component_id'] as names)
)
select distinct 'node_key=' || parent.node_key as key, 'reads ' || own.key || ' of ' || own.model
    as problem
from {audit.calculation_operand} as below
inner join number as parent on below.parent_key = parent.node_key
inner join number as own on below.node_key = own.node_key and starts_with(own.model, 'policy_')
inner join named as of_parent on parent.model = of_parent.model
inner join named as of_own on own.model = of_own.model and of_parent.column_name = of_own.column_name
where of_own.column_name in ('period_id', 'component_id', 'scheme_id', 'event_kind')
    and split_part(parent.key, ':', of_parent.part) <> split_part(own.key, ':', of_own.part)
