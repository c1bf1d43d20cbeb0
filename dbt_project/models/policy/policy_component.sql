-- Grain: one period, one component of a plan.

select
    period_id,
    period_kind,
    component_id,
    scheme_id,
    mechanism,
    role,
    line_no,
    pay_kind,
    basis,
    key_attribute,
    band_attribute,
    label_en,
    label_zh,
    effective_from as effective_from_on,
    clause_id,
    value_origin
from ({{ rows_in_force('component', by_kind=true) }}) as in_force
