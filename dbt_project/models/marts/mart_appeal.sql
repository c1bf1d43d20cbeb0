-- Grain: one appeal against data behind a KPI, with its answer (BS-06), or one ruling of any kind that does nothing.

select
    ruling_id,
    entity,
    entity_id,
    kpi_scope,
    reason,
    requested_by,
    requested_at,
    reviewer_id,
    decision,
    decided_at,
    decision <> 'pending' as is_answered,
    {{ seconds_between('requested_at', 'decided_at') }} as answer_seconds,
    effect,
    case effect
        when 'in_force' then 'in force'
        when 'repeated' then 'in force by another ruling'
        when 'pending' then 'pending'
        when 'rejected' then 'rejected'
        when 'unknown_kpi' then 'does nothing: no such KPI'
        when 'unknown_row' then 'does nothing: no such row'
    end as effect_label_en,
    case effect
        when 'in_force' then '生效'
        when 'repeated' then '已由其他裁定生效'
        when 'pending' then '待裁定'
        when 'rejected' then '驳回'
        when 'unknown_kpi' then '无效：指标不存在'
        when 'unknown_row' then '无效：记录不存在'
    end as effect_label_zh,
    'BS-06' as clause_id
from {{ ref('fct_ruling') }}
where reason = 'appeal' or effect in ('unknown_kpi', 'unknown_row')
