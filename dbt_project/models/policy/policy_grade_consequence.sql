-- Grain: one period, one plan, one consequence of a grade beside pay.

select
    period_id,
    period_kind,
    scheme_id,
    consequence,
    kind,
    subject,
    graded_period_kind,
    grade,
    counting,
    required_count,
    quantity,
    quantity_unit,
    label_en,
    label_zh,
    effective_from as effective_from_on,
    clause_id,
    value_origin
from ({{ rows_in_force('grade_consequence', by_kind=true) }}) as in_force
