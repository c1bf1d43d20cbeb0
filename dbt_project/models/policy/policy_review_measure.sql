-- Grain: one period, one measure that a review may ask for beside the KPIs of the catalogue.

select
    period_id,
    period_kind,
    measure_id,
    name_en,
    name_zh,
    source_tables,
    effective_from as effective_from_on
from ({{ rows_in_force('review_measure') }}) as in_force
