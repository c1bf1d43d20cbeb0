-- Grain: one line of the mechanism `points`: one item of the total, the floor, or the month without performance pay.

{# PT-02, PT-03: points × unit value, item by item. What takes a month's performance pay back to 0 is a line of its
   own, so that the sum of the lines is the pay: the no_pay component where the coefficient is 0, else the floor
   component where the items sum to less than 0. #}

with

unit_value as (
    select
        component_id,
        period_id,
        value as unit_value_cny,
        value_origin
    from {{ ref('policy_component_parameter') }}
    where parameter = 'unit_value_cny'
),

due as (
    select
        due.*,
        component.band_attribute = 'deduction_points' as has_coefficient
    from {{ ref('bonus_due') }} as due
    inner join {{ ref('policy_component') }} as component
        on
            due.component_id = component.component_id
            and due.period_id = component.period_id
    where due.mechanism = 'points'
),

item as (
    select
        due.agent_id,
        due.period_kind,
        due.period_id,
        due.scheme_id,
        due.component_id,
        due.segment_no,
        '' as item,
        due.component_label_en || case
            when coalesce(due.has_coefficient, false)
                then
                    ' (' || coefficient.customer_group || ', '
                    || cast(cast(coefficient.deduction_points as decimal(18, 2)) as string)
                    || ' deducted: coefficient '
                    || cast(cast(coefficient.coefficient as decimal(9, 2)) as string) || ')'
            when tally.status = 'no_export' then ' (no_export)'
            when tally.shut_gate_count > 0 then ' (not met)'
            else ''
        end as line_label,
        tally.quantity,
        'points' as quantity_unit,
        cast(
            cast(unit_value.unit_value_cny as decimal(18, 6))
            * cast(case when due.has_coefficient then coefficient.coefficient else 1 end as decimal(12, 8))
            as decimal(18, 8)
        ) as rate,
        due.day_count,
        due.period_day_count,
        case when due.has_coefficient then coefficient.clause_id else due.component_clause_id end as clause_id,
        case
            when tally.value_origin = 'site' or unit_value.value_origin = 'site' then 'site'
            when due.has_coefficient then coefficient.value_origin
            else due.component_value_origin
        end as value_origin,
        {{ line_nodes([
            line_uses(
                node_key="'tally:' || " ~ key_of('bonus_tally', 'tally'), parent_key="''", operand="'quantity'",
                position=1
            ),
            line_node(
                node_key="'rate'", parent_key="''", operand="'rate'", position=2, kind="'rate'",
                operation="'product'", label="'value of a point'", label_zh="'每分金额'", unit="'cny'", decimals=8
            ),
            line_uses(
                node_key="'parameter:' || due.period_id || ':' || due.component_id || ':unit_value_cny'",
                parent_key="'rate'", operand="'factor'", position=1
            ),
            line_node_if('due.has_coefficient', line_uses(
                node_key="'coefficient:' || " ~ key_of('bonus_coefficient', 'coefficient'), parent_key="'rate'",
                operand="'factor'", position=2
            )),
        ]) }} as nodes
    from due
    inner join {{ ref('bonus_tally') }} as tally
        on
            due.agent_id = tally.agent_id
            and due.period_id = tally.period_id
            and due.component_id = tally.component_id
            and due.segment_no = tally.segment_no
    inner join unit_value
        on
            due.component_id = unit_value.component_id
            and due.period_id = unit_value.period_id
    left join {{ ref('bonus_coefficient') }} as coefficient
        on
            due.agent_id = coefficient.agent_id
            and due.period_id = coefficient.period_id
            and due.component_id = coefficient.component_id
    -- A coefficient that is unknown pays nothing (S-EXPORT).
    where not coalesce(due.has_coefficient, false) or coefficient.coefficient is not null
),

paid_item as (
    {{ with_amounts('item') }}
),

-- Of the rounded lines, not of the points: what is taken back is exactly what the plan's lines gave.
item_total as (
    select
        agent_id,
        period_id,
        scheme_id,
        cast(sum(amount_cny) as decimal(18, 2)) as amount_cny
    from paid_item
    group by agent_id, period_id, scheme_id
),

counter as (
    select
        due.agent_id,
        due.period_kind,
        due.period_id,
        due.scheme_id,
        due.component_id,
        due.segment_no,
        '' as item,
        due.component_label_en as line_label,
        cast(-item_total.amount_cny as decimal(18, 6)) as quantity,
        'cny' as quantity_unit,
        cast(1 as decimal(18, 8)) as rate,
        due.day_count,
        due.period_day_count,
        case due.basis when 'no_pay' then coefficient.clause_id else due.component_clause_id end as clause_id,
        case due.basis when 'no_pay' then coefficient.value_origin else due.component_value_origin end as value_origin,
        {{ line_nodes([
            line_node(
                node_key="'quantity'", parent_key="''", operand="'quantity'", position=1, kind="'quantity'",
                operation="'difference'", label="'taken back'", label_zh="'扣回'", unit="'cny'"
            ),
            line_uses(
                node_key="'plan_items:' || due.agent_id || ':' || due.period_id || ':' || due.scheme_id",
                parent_key="'quantity'", operand="'subtrahend'", position=1
            ),
            line_uses(
                node_key="'coefficient:' || " ~ key_of('bonus_coefficient', 'coefficient'), parent_key="'quantity'",
                operand="'reason'", position=2
            ),
        ]) }} as nodes
    from due
    inner join item_total
        on
            due.agent_id = item_total.agent_id
            and due.period_id = item_total.period_id
            and due.scheme_id = item_total.scheme_id
    inner join {{ ref('bonus_coefficient') }} as coefficient
        on
            due.agent_id = coefficient.agent_id
            and due.period_id = coefficient.period_id
            and due.scheme_id = coefficient.scheme_id
    where
        (due.basis = 'no_pay' and not coefficient.has_performance_pay)
        or (due.basis = 'floor' and coalesce(coefficient.has_performance_pay, true) and item_total.amount_cny < 0)
),

line as (
    select * from item
    union all
    select * from counter
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    segment_no,
    item,
    line_label,
    quantity,
    quantity_unit,
    rate,
    day_count,
    period_day_count,
    clause_id,
    value_origin,
    'bonus_tally' as input_model,
    agent_id || ':' || period_id || ':' || component_id || ':' || cast(segment_no as string) as input_key,
    nodes
from line
