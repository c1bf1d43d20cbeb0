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
    || case when own_day_count = service_day_count then basis else component_id end as input_key
from reached
