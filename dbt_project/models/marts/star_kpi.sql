-- Grain: one KPI, or other measure that is scored, as its newest period defines it.

with

defined as (
    select
        period_id,
        kpi_id,
        name_en,
        name_zh,
        unit,
        direction,
        aggregation,
        'kpi' as measure_kind
    from {{ ref('policy_kpi_period') }}
    union all
    select
        period_id,
        measure_id as kpi_id,
        name_en,
        name_zh,
        unit,
        'higher' as direction,
        'ratio' as aggregation,
        kind as measure_kind
    from {{ ref('policy_score_measure') }}
),

newest as (
    select
        defined.*,
        row_number() over (
            partition by defined.kpi_id
            order by period.starts_on desc nulls last, defined.period_id asc nulls last
        ) as recency
    from defined
    inner join {{ ref('dim_period') }} as period
        on defined.period_id = period.period_id
)

select
    kpi_id,
    cast(
        row_number() over (
            order by case when measure_kind = 'kpi' then 0 else 1 end asc nulls last, kpi_id asc nulls last
        ) as bigint
    ) as kpi_order,
    name_en,
    name_zh,
    measure_kind,
    unit,
    case unit
        when 'ratio' then '比率'
        when 's' then '秒'
        when 'count' then '次'
        when 'cny' then '元'
        when 'points' then '分'
        when 'points of 10' then '分（10 分制）'
        when 'points of 100' then '分（100 分制）'
        else unit
    end as unit_zh,
    direction,
    case direction when 'higher' then '越高越好' else '越低越好' end as direction_zh,
    aggregation,
    case
        when unit = 'ratio' then '.1%'
        when unit in ('s', 'count') then ',.0f'
        else ',.2f'
    end as number_format
from newest
where recency = 1
