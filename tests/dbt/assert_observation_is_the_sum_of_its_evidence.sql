-- Months against their evidence, quarters and years against their months: an observation is a sum and nothing else.
-- What counts rows of a table that never came has evidence at most, never an observation (S-EXPORT).

with

evidence as (
    select
        agent_id,
        month_id as period_id,
        kpi_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('kpi_evidence') }} as evidence
    where
        is_counted
        and not exists (
            select 1
            from {{ ref('policy_absent_export') }} as absent_export
            where
                evidence.month_id = absent_export.period_id
                and evidence.kpi_id = absent_export.subject_id
                and absent_export.subject_kind = 'kpi'
        )
    group by agent_id, month_id, kpi_id
),

longer_period as (
    select
        observation.agent_id,
        period_month.period_id,
        observation.kpi_id,
        sum(observation.numerator) as numerator,
        sum(observation.denominator) as denominator
    from {{ ref('kpi_observation') }} as observation
    inner join {{ ref('dim_period_month') }} as period_month
        on observation.period_id = period_month.month_id
    where observation.period_kind = 'month' and period_month.period_kind <> 'month'
    group by observation.agent_id, period_month.period_id, observation.kpi_id
),

expected as (
    select * from evidence
    union all
    select * from longer_period
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
        observation.period_id = definition.period_id
        and observation.kpi_id = definition.kpi_id
where
    observation.agent_id is null
    or observation.numerator <> coalesce(expected.numerator, 0)
    or (definition.aggregation = 'ratio' and observation.denominator <> coalesce(expected.denominator, 0))
