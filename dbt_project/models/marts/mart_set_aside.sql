-- Grain: one month, one KPI, one reason why evidence is not counted.

select
    month_id,
    kpi_id,
    exclusion_reason,
    cast(sum(row_count) as bigint) as row_count
from {{ ref('kpi_daily') }}
where not is_counted
group by month_id, kpi_id, exclusion_reason
