-- Grain: one month, one KPI: the definition by which that month's evidence is read.

select
    period_id as month_id,
    kpi_id,
    clock,
    window_days,
    scale_to,
    share_threshold,
    upper_threshold,
    lower_threshold,
    unit_scale
from {{ ref('policy_kpi_period') }}
where period_kind = 'month'
