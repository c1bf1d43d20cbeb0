-- Grain: one period, one plan: how its scores and grades are made in periods of this kind.

with

rule_in_force as (
    select *
    from ({{ rows_in_force('scheme_rule', by_kind=true) }}) as in_force
)

select
    scheme.period_id,
    scheme.period_kind,
    scheme.scheme_id,
    scheme.name_en,
    scheme.name_zh,
    cast(
        max(case when rule_in_force.parameter = 'supervisor_share' then rule_in_force.value end) as decimal(18, 6)
    ) as supervisor_share,
    cast(
        max(case when rule_in_force.parameter = 'collaboration_share' then rule_in_force.value end) as decimal(18, 6)
    ) as collaboration_share,
    cast(
        max(case when rule_in_force.parameter = 'min_group_size' then rule_in_force.value end) as bigint
    ) as min_group_size,
    cast(
        max(case when rule_in_force.parameter = 'min_service_share' then rule_in_force.value end) as decimal(18, 6)
    ) as min_service_share,
    coalesce(
        max(case when rule_in_force.parameter = 'cohort_scope' then rule_in_force.value end), 'role'
    ) as cohort_scope,
    coalesce(
        max(case when rule_in_force.parameter = 'ranking_correction' then rule_in_force.value end), 'held_harmless'
    ) as ranking_correction
from ({{ rows_in_force('scheme') }}) as scheme
left join rule_in_force
    on
        scheme.scheme_id = rule_in_force.scheme_id
        and scheme.period_id = rule_in_force.period_id
group by scheme.period_id, scheme.period_kind, scheme.scheme_id, scheme.name_en, scheme.name_zh
