-- Grain: one agent, one period, one measure observed that a plan may score: a KPI or a rating dimension (PM-04).

{{ config(materialized='view') }}

select
    period_kind,
    period_id,
    agent_id,
    kpi_id,
    numerator,
    denominator,
    value,
    maturity
from {{ ref('kpi_observation') }}
union all
select
    period_kind,
    period_id,
    agent_id,
    dimension as kpi_id,
    cast(numerator as decimal(24, 6)) as numerator,
    denominator,
    value,
    maturity
from {{ ref('score_rating') }}
