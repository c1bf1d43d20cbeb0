-- Grain: one line of the mechanism `threshold`: a reward for reaching a target, or for each full step above it.

{# A row of the rate table pays its amount once attainment reaches its lower bound; with the parameter step_share
   it pays the amount for each full step of that share of the target above the bound. Actual and target are
   compared exactly, not as a rounded ratio. #}

with

reached as (
    select
        due.*,
        attainment.kpi_id,
        rate.amount_cny as reward_cny,
        rate.lower_bound,
        rate.rate_key as reward_key,
        rate.clause_id,
        rate.value_origin,
        step.value is not null as is_stepped,
        case
            when step.value is not null
                then {{ full_steps(
                    'attainment.compared_actual', 'attainment.compared_target', 'rate.lower_bound', 'step.value'
                ) }}
            when {{ reaches_share('attainment.compared_actual', 'attainment.compared_target', 'rate.lower_bound') }}
                then 1
            else 0
        end as reward_count
    from {{ ref('bonus_due') }} as due
    inner join {{ ref('bonus_attainment') }} as attainment
        on
            due.agent_id = attainment.agent_id
            and due.period_id = attainment.period_id
            and due.component_id = attainment.component_id
            and attainment.status = 'has_target'
    inner join {{ ref('policy_component_rate') }} as rate
        on
            due.component_id = rate.component_id
            and due.period_id = rate.period_id
            and due.rate_key = rate.rate_key
    left join {{ ref('policy_component_parameter') }} as step
        on
            due.component_id = step.component_id
            and due.period_id = step.period_id
            and step.parameter = 'step_share'
    where due.mechanism = 'threshold'
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    segment_no,
    cast(cast(lower_bound as decimal(18, 2)) as string) as item,
    component_label_en as line_label,
    cast(reward_count as decimal(18, 6)) as quantity,
    case when is_stepped then 'steps' else 'target' end as quantity_unit,
    cast(reward_cny as decimal(18, 8)) as rate,
    day_count,
    period_day_count,
    clause_id,
    value_origin,
    case when own_day_count = service_day_count then 'kpi_observation' else 'bonus_own_observation' end as input_model,
    agent_id || ':' || period_id || ':'
    || case when own_day_count = service_day_count then kpi_id else component_id end as input_key,
    {% set reward = key_of('policy_component_rate', 'reached', {'rate_key': 'reward_key'}) %}
    {{ line_nodes([
        line_node(
            node_key="'quantity'", parent_key="''", operand="'quantity'", position=1, kind="'count'",
            operation="case when is_stepped then 'steps' else 'compare' end",
            label="case when is_stepped then 'full steps above the bound' else 'bound reached' end",
            label_zh="case when is_stepped then '超过下限的完整级数' else '达到下限' end", unit="'count'",
            text_value="'at_least'", value='reward_count'
        ),
        line_uses(
            node_key="'attainment:' || " ~ key_of('bonus_attainment', 'reached'), parent_key="'quantity'",
            operand="'left'", position=1
        ),
        line_uses(node_key="'lower_bound:' || " ~ reward, parent_key="'quantity'", operand="'right'", position=2),
        line_node_if('is_stepped', line_uses(
            node_key="'parameter:' || period_id || ':' || component_id || ':step_share'", parent_key="'quantity'",
            operand="'step'", position=3
        )),
        line_uses(node_key="'rate:' || " ~ reward, parent_key="''", operand="'rate'", position=2),
    ]) }} as nodes
from reached
where reward_count > 0
