-- Grain: one period, one plan, one role ('*' = every role), one KPI scored: weights and curve.

with

kpi_in_force as (
    select *
    from ({{ rows_in_force('score_kpi', by_kind=true) }}) as in_force
),

block_in_force as (
    select *
    from ({{ rows_in_force('score_block', by_kind=true) }}) as in_force
)

select
    kpi_in_force.period_id,
    kpi_in_force.period_kind,
    kpi_in_force.scheme_id,
    kpi_in_force.role,
    kpi_in_force.block,
    block_in_force.weight as block_weight,
    kpi_in_force.kpi_id,
    kpi_in_force.weight as kpi_weight,
    kpi_in_force.min_sample,
    kpi_in_force.floor_value,
    kpi_in_force.target_value,
    kpi_in_force.stretch_value,
    kpi_in_force.effective_from as effective_from_on,
    kpi_in_force.clause_id,
    kpi_in_force.value_origin
from kpi_in_force
inner join block_in_force
    on
        kpi_in_force.period_id = block_in_force.period_id
        and kpi_in_force.scheme_id = block_in_force.scheme_id
        and kpi_in_force.block = block_in_force.block
        and (kpi_in_force.role = block_in_force.role or block_in_force.role = '*')
