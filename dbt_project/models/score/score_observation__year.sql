-- Grain: one agent, one year, one measure observed that a plan may score, quarter totals and centre NPS included.

{{ config(materialized='view') }}

with

quarter_of_year as (
    select
        year.period_id as year_id,
        year.has_ended,
        quarter.period_id as quarter_id
    from {{ ref('dim_period') }} as year
    inner join {{ ref('dim_period') }} as quarter
        on
            quarter.starts_on >= year.starts_on
            and quarter.starts_on < year.ends_before_on
    where year.period_kind = 'year' and quarter.period_kind = 'quarter'
),

quarter_total as (
    select
        quarter_of_year.year_id,
        score.agent_id,
        cast(sum(score.total_score) as decimal(24, 6)) as numerator,
        cast(count(*) as bigint) as denominator,
        count(
            case when score.maturity = 'provisional' or not quarter_of_year.has_ended then 1 end
        ) > 0 as is_provisional
    from {{ ref('score__month_quarter') }} as score
    inner join quarter_of_year
        on score.period_id = quarter_of_year.quarter_id
    where score.total_score is not null
    group by quarter_of_year.year_id, score.agent_id
),

centre_nps as (
    select
        nps.period_id,
        nps.numerator,
        nps.denominator,
        nps.value,
        period.has_ended
    from {{ ref('kpi_group_observation') }} as nps
    inner join {{ ref('dim_period') }} as period
        on nps.period_id = period.period_id
    where
        nps.group_kind = 'centre'
        and nps.kpi_id = 'nps'
        and nps.period_kind = 'year'
)

select
    period_kind,
    period_id,
    agent_id,
    kpi_id,
    numerator,
    denominator,
    value,
    maturity
from {{ ref('score_observation') }}
where period_kind = 'year'
union all
select
    'year' as period_kind,
    year_id as period_id,
    agent_id,
    'quarter_total' as kpi_id,
    numerator,
    denominator,
    {{ ratio('numerator', 'denominator') }} as value,
    case when is_provisional then 'provisional' else 'final' end as maturity
from quarter_total
union all
select
    agent.period_kind,
    agent.period_id,
    agent.agent_id,
    'centre_nps' as kpi_id,
    centre_nps.numerator,
    centre_nps.denominator,
    centre_nps.value,
    case when centre_nps.has_ended then 'final' else 'provisional' end as maturity
from {{ ref('dim_agent_period') }} as agent
inner join centre_nps
    on agent.period_id = centre_nps.period_id
