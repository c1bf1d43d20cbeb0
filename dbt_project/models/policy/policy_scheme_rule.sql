-- Grain: one period, one plan, one parameter in force for periods of this kind.

select
    period_id,
    period_kind,
    scheme_id,
    parameter,
    value as text_value,
    try_cast(value as decimal(18, 6)) as value,
    effective_from as effective_from_on,
    clause_id,
    value_origin
from ({{ rows_in_force('scheme_rule', by_kind=true) }}) as in_force
