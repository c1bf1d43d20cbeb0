-- Grain: one line of the mechanism `commission`: a tier's rate on an amount, the tier found by attainment.

{# Tiers are reached exactly (S-EXACT). tier_mode whole: the tier reached pays on the whole amount. tier_mode marginal:
   each tier pays on the part of the amount within it. #}

with

tier as (
    select
        rate.*,
        coalesce(mode.text_value, 'whole') as tier_mode
    from {{ ref('policy_component_rate') }} as rate
    left join {{ ref('policy_component_parameter') }} as mode
        on
            rate.component_id = mode.component_id
            and rate.period_id = mode.period_id
            and mode.parameter = 'tier_mode'
),

reached as (
    select
        due.*,
        attainment.actual_value,
        attainment.target_value,
        tier.lower_bound,
        tier.rate_key as tier_key,
        tier.upper_bound,
        tier.tier_mode,
        tier.rate as tier_rate,
        tier.clause_id as tier_clause_id,
        tier.value_origin as tier_value_origin
    from {{ ref('bonus_due') }} as due
    inner join {{ ref('bonus_attainment') }} as attainment
        on
            due.agent_id = attainment.agent_id
            and due.period_id = attainment.period_id
            and due.component_id = attainment.component_id
    inner join tier
        on
            due.component_id = tier.component_id
            and due.period_id = tier.period_id
            and {{ reaches_share('attainment.compared_actual', 'attainment.compared_target', 'tier.lower_bound') }}
            and (
                tier.tier_mode = 'marginal'
                or tier.upper_bound is null
                or not {{ reaches_share(
                    'attainment.compared_actual', 'attainment.compared_target', 'tier.upper_bound'
                ) }}
            )
    where due.mechanism = 'commission' and attainment.status = 'has_target'
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    segment_no,
    case when tier_mode = 'whole' then '' else cast(cast(lower_bound as decimal(18, 2)) as string) end as item,
    component_label_en as line_label,
    case tier_mode
        when 'whole' then cast(actual_value as decimal(18, 6))
        else
            cast(
                least(
                    cast(actual_value as decimal(18, 6)),
                    coalesce(
                        cast(
                            cast(upper_bound as decimal(12, 6)) * cast(target_value as decimal(20, 6)) as decimal(18, 6)
                        ),
                        cast(actual_value as decimal(18, 6))
                    )
                ) - cast(cast(lower_bound as decimal(12, 6)) * cast(target_value as decimal(20, 6)) as decimal(18, 6))
                as decimal(18, 6)
            )
    end as quantity,
    'cny' as quantity_unit,
    cast(tier_rate as decimal(18, 8)) as rate,
    day_count,
    period_day_count,
    tier_clause_id as clause_id,
    tier_value_origin as value_origin,
    case when own_day_count = service_day_count then 'kpi_observation' else 'bonus_own_observation' end as input_model,
    agent_id || ':' || period_id || ':'
    || case when own_day_count = service_day_count then basis else component_id end as input_key,
    {% set tier = key_of('policy_component_rate', 'reached', {'rate_key': 'tier_key'}) %}
    {% set attainment = key_of('bonus_attainment', 'reached') %}
    {{ line_nodes([
        line_node_if("tier_mode = 'whole'", line_uses(
            node_key="'actual:' || " ~ attainment, parent_key="''", operand="'quantity'", position=1
        )),
        line_node_if("tier_mode = 'whole'", line_node(
            node_key="'rate'", parent_key="''", operand="'rate'", position=2, kind="'rate'", operation="'row'",
            label="'rate of the tier'", label_zh="'提成比例'", unit="'factor'", value='tier_rate',
            table_key="'rates:' || period_id || ':' || component_id || ':rate'", chosen_key=tier,
            clause_id='tier_clause_id', value_origin='tier_value_origin'
        )),
        line_node_if("tier_mode = 'whole'", line_uses(
            node_key="'attainment:' || " ~ attainment, parent_key="'rate'", operand="'number'", position=1
        )),
        line_node_if("tier_mode <> 'whole'", line_node(
            node_key="'quantity'", parent_key="''", operand="'quantity'", position=1, kind="'quantity'",
            operation="'difference'", label="'amount within the tier'", label_zh="'本档内金额'", unit="'cny'", decimals=6
        )),
        line_node_if("tier_mode <> 'whole'", line_node(
            node_key="'quantity/top'", parent_key="'quantity'", operand="'minuend'", position=1, kind="'quantity'",
            operation="'bounded'", label="'up to the end of the tier'", label_zh="'至本档上限'", unit="'cny'"
        )),
        line_node_if("tier_mode <> 'whole'", line_uses(
            node_key="'actual:' || " ~ attainment, parent_key="'quantity/top'", operand="'term'", position=1
        )),
        line_node_if("tier_mode <> 'whole' and upper_bound is not null", line_node(
            node_key="'quantity/upper'", parent_key="'quantity/top'", operand="'high'", position=2, kind="'quantity'",
            operation="'product'", label="'end of the tier'", label_zh="'本档上限'", unit="'cny'", decimals=6
        )),
        line_node_if("tier_mode <> 'whole' and upper_bound is not null", line_uses(
            node_key="'upper_bound:' || " ~ tier, parent_key="'quantity/upper'", operand="'factor'", position=1
        )),
        line_node_if("tier_mode <> 'whole' and upper_bound is not null", line_uses(
            node_key="'shown_target:' || " ~ attainment, parent_key="'quantity/upper'", operand="'factor'", position=2
        )),
        line_node_if("tier_mode <> 'whole'", line_node(
            node_key="'quantity/lower'", parent_key="'quantity'", operand="'subtrahend'", position=2, kind="'quantity'",
            operation="'product'", label="'start of the tier'", label_zh="'本档下限'", unit="'cny'", decimals=6
        )),
        line_node_if("tier_mode <> 'whole'", line_uses(
            node_key="'lower_bound:' || " ~ tier, parent_key="'quantity/lower'", operand="'factor'", position=1
        )),
        line_node_if("tier_mode <> 'whole'", line_uses(
            node_key="'shown_target:' || " ~ attainment, parent_key="'quantity/lower'", operand="'factor'", position=2
        )),
        line_node_if("tier_mode <> 'whole'", line_uses(
            node_key="'rate:' || " ~ tier, parent_key="''", operand="'rate'", position=2
        )),
    ]) }} as nodes
from reached
