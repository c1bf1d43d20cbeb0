-- Grain: one plan: what its weights, shares and curves add up to, over all periods.

with

scored_role as (
    select distinct
        period_id,
        scheme_id,
        role
    from policy.policy_score_kpi
),

-- A KPI of every role (`*`) belongs to each role that the plan names; a plan that names none has one role, `*`.
line as (
    select
        scored_role.period_id,
        scored_role.scheme_id,
        scored_role.role,
        kpi.block,
        kpi.block_weight,
        kpi.kpi_id,
        kpi.kpi_weight,
        kpi.floor_value,
        kpi.target_value,
        kpi.stretch_value
    from scored_role
    inner join policy.policy_score_kpi as kpi
        on
            scored_role.period_id = kpi.period_id
            and scored_role.scheme_id = kpi.scheme_id
            and (scored_role.role = kpi.role or kpi.role = '*')
    where
        scored_role.role <> '*'
        or not exists (
            select 1
            from scored_role as named
            where
                named.period_id = scored_role.period_id
                and named.scheme_id = scored_role.scheme_id
                and named.role <> '*'
        )
),

block as (
    select
        period_id,
        scheme_id,
        role,
        block,
        any_value(block_weight) as block_weight,
        abs(sum(kpi_weight) - 1) as kpi_weight_gap,
        max(cast(kpi_weight as double) * cast(block_weight as double)) as top_weight,
        count_if(floor_value is null or target_value is null or floor_value = target_value) as flat_count,
        count_if(
            stretch_value is not null and sign(stretch_value - target_value) * sign(target_value - floor_value) <= 0
        ) as bent_count
    from line
    group by period_id, scheme_id, role, block
),

plan as (
    select
        period_id,
        scheme_id,
        max(kpi_weight_gap) as kpi_weight_gap,
        max(top_weight) as top_weight,
        sum(flat_count + bent_count) as bent_curve_count
    from block
    group by period_id, scheme_id
),

-- A role without KPIs in a block hands the block's weight on (S-MISSING); the blocks of the plan sum to 1.
weighed as (
    select
        period_id,
        scheme_id,
        abs(sum(block_weight) - 1) as block_weight_gap
    from (
        select
            period_id,
            scheme_id,
            block,
            max(block_weight) as block_weight
        from block
        group by period_id, scheme_id, block
    )
    group by period_id, scheme_id
),

shared as (
    select
        period_id,
        scheme_id,
        abs(sum(share) - 1) as share_gap
    from policy.policy_grade_band
    where method = 'forced'
    group by period_id, scheme_id
)

select
    scheme.scheme_id as subject,
    cast(max(plan.kpi_weight_gap) as double) as kpi_weight_gap,
    cast(max(weighed.block_weight_gap) as double) as block_weight_gap,
    cast(max(plan.top_weight) filter (where scheme.period_kind = 'month') as double) as top_kpi_weight,
    sum(plan.bent_curve_count) as bent_curve_count,
    cast(max(shared.share_gap) as double) as share_gap
from policy.policy_scheme as scheme
left join plan
    on
        scheme.period_id = plan.period_id
        and scheme.scheme_id = plan.scheme_id
left join weighed
    on
        scheme.period_id = weighed.period_id
        and scheme.scheme_id = weighed.scheme_id
left join shared
    on
        scheme.period_id = shared.period_id
        and scheme.scheme_id = shared.scheme_id
group by scheme.scheme_id
