-- Grain: one period, one measure that a plan may score beside the KPIs of the catalogue.

select
    period_id,
    period_kind,
    measure_id,
    kind,
    name_en,
    name_zh,
    unit,
    source_tables,
    effective_from as effective_from_on,
    clause_id,
    value_origin
from ({{ rows_in_force('score_measure') }}) as in_force
