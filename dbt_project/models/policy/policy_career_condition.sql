-- Grain: one period, one plan, one review, one signal for a level, one condition of it.

select
    period_id,
    period_kind,
    scheme_id,
    review,
    signal_kind,
    level,
    to_level,
    condition_no,
    measure,
    measure_bound,
    comparison,
    threshold_value,
    if_missing,
    label_en,
    label_zh,
    effective_from as effective_from_on,
    clause_id,
    value_origin
from ({{ rows_in_force('career_condition', by_kind=true) }}) as in_force
