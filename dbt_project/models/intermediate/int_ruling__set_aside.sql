-- Grain: one entity, one row of it that an approved ruling sets aside from every KPI (CG-30).

select
    entity,
    entity_id,
    entity_on,
    ruling_id
from {{ ref('int_ruling__in_force') }}
where is_in_force and kpi_scope = '*'
