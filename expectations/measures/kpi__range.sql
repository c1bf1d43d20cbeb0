-- Grain: one KPI: how many observations lie outside the range of its unit. NULL where it has another unit.

with

observed as (
    select
        observation.kpi_id,
        observation.value,
        definition.unit,
        observation.kpi_id in ({signed_scores}) as is_signed
    from kpi.kpi_observation as observation
    inner join policy.policy_kpi_period as definition
        on
            observation.period_id = definition.period_id
            and observation.kpi_id = definition.kpi_id
)

select
    kpi_id as subject,
    case
        when bool_or(unit = 'ratio') and kpi_id not in ({rates_without_ceiling})
            then count_if(unit = 'ratio' and not value between 0 and 1)
    end as rate_outside_count,
    case
        when bool_or(unit = 'points of 10') then count_if(unit = 'points of 10' and not value between 0 and 10)
    end as ten_outside_count,
    case
        when bool_or(unit = 'points of 100' and not is_signed)
            then count_if(unit = 'points of 100' and not is_signed and not value between 0 and 100)
    end as hundred_outside_count,
    case
        when bool_or(is_signed) then count_if(is_signed and not value between -100 and 100)
    end as signed_outside_count,
    case when bool_or(not is_signed) then count_if(not is_signed and value < 0) end as negative_count,
    case when bool_or(unit = 's') then count_if(unit = 's' and value > {longest_seconds}) end as endless_count
from observed
group by kpi_id
