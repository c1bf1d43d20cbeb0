-- Grain: one KPI: how many observations lie outside the range of its unit.

select
    observation.kpi_id as subject,
    count_if(
        definition.unit = 'ratio'
        and observation.kpi_id not in ({rates_without_ceiling})
        and not observation.value between 0 and 1
    ) as rate_outside_count,
    count_if(definition.unit = 'points of 10' and not observation.value between 0 and 10) as ten_outside_count,
    count_if(
        definition.unit = 'points of 100'
        and observation.kpi_id not in ({signed_scores})
        and not observation.value between 0 and 100
    ) as hundred_outside_count,
    count_if(
        observation.kpi_id in ({signed_scores}) and not observation.value between -100 and 100
    ) as signed_outside_count,
    count_if(observation.kpi_id not in ({signed_scores}) and observation.value < 0) as negative_count,
    count_if(definition.unit = 's' and observation.value > {longest_seconds}) as endless_count
from kpi.kpi_observation as observation
inner join policy.policy_kpi_period as definition
    on
        observation.period_id = definition.period_id
        and observation.kpi_id = definition.kpi_id
group by observation.kpi_id
