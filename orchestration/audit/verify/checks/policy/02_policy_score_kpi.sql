-- weights of blocks and KPIs
-- in: policy.policy_score_kpi
select kpi.period_id, kpi.scheme_id, kpi.role, kpi.block, kpi.kpi_id,
    cast(kpi.weight as decimal(18, 6)) as kpi_weight,
    cast(coalesce(own.weight, all_roles.weight) as decimal(18, 6)) as block_weight
from in_force_score_kpi as kpi
left join in_force_score_block as own on kpi.period_id = own.period_id
    and kpi.scheme_id = own.scheme_id and kpi.block = own.block and kpi.role = own.role
left join in_force_score_block as all_roles on kpi.period_id = all_roles.period_id
    and kpi.scheme_id = all_roles.scheme_id and kpi.block = all_roles.block and all_roles.role = '*'
