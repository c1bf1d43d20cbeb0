-- Grain: one period, one KPI: its definition in force.

select
    period_id,
    period_kind,
    kpi_id,
    name_en,
    name_zh,
    unit,
    direction,
    aggregation,
    clock,
    window_days,
    scale_to,
    share_threshold,
    upper_threshold,
    lower_threshold,
    unit_scale,
    effective_from as effective_from_on,
    source_tables,
    source_documents,
    value_origin
from ({{ rows_in_force('kpi') }}) as in_force
