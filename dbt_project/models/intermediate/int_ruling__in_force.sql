-- Grain: one ruling; is_in_force marks the first approved one per disputed row and KPI (CG-30).

with

ruling as (
    select
        *,
        coalesce(kpi_id, '*') as kpi_scope
    from {{ ref('stg_governance__ruling') }}
)

select
    *,
    decision = 'approved'
    and row_number() over (
        partition by entity, entity_id, kpi_scope, decision
        order by decided_at asc nulls last, ruling_id asc nulls last
    ) = 1 as is_in_force
from ruling
