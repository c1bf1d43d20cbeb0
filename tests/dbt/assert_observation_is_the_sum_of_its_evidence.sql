-- Every period against the evidence of its months: an observation is a sum and nothing else. Only a ratio without a
-- denominator may have no row, and what counts rows of a table that never came has none (S-EXPORT).

with

expected as (
    select
        evidence.agent_id,
        period_month.period_id,
        evidence.kpi_id,
        sum(evidence.numerator) as numerator,
        sum(evidence.denominator) as denominator
    from {{ ref('kpi_daily') }} as evidence
    left join {{ ref('dim_period_month') }} as period_month
        on evidence.month_id = period_month.month_id
    left join {{ ref('policy_absent_export') }} as absent_export
        on
            period_month.period_id = absent_export.period_id
            and evidence.kpi_id = absent_export.subject_id
            and absent_export.subject_kind = 'kpi'
    where evidence.is_counted and absent_export.subject_id is null
    group by evidence.agent_id, period_month.period_id, evidence.kpi_id
)

select
    coalesce(observation.agent_id, expected.agent_id) as agent_id,
    coalesce(observation.period_id, expected.period_id) as period_id,
    coalesce(observation.kpi_id, expected.kpi_id) as kpi_id,
    observation.numerator,
    expected.numerator as expected_numerator,
    observation.denominator,
    expected.denominator as expected_denominator
from {{ ref('kpi_observation') }} as observation
full outer join expected
    on
        observation.agent_id = expected.agent_id
        and observation.period_id = expected.period_id
        and observation.kpi_id = expected.kpi_id
left join {{ ref('policy_kpi_period') }} as definition
    on
        coalesce(observation.period_id, expected.period_id) = definition.period_id
        and coalesce(observation.kpi_id, expected.kpi_id) = definition.kpi_id
where
    (
        observation.agent_id is null
        and (definition.aggregation is null or definition.aggregation <> 'ratio' or expected.denominator <> 0)
    )
    or observation.numerator <> coalesce(expected.numerator, 0)
    or (definition.aggregation = 'ratio' and observation.denominator <> coalesce(expected.denominator, 0))
