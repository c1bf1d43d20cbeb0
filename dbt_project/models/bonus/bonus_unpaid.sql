-- Grain: one due component, one segment, that pays nothing, or not all, for want of data: why, and what is lacking.

{# S-EXPORT: pay that would rest on a table that never came is not paid (no_export); nor is what a table of rates cannot
   find for want of an attribute of the job history (no_attribute, no_rate_row), nor a share of such a base (no_base).
   What was counted and came to nothing is not here. #}

with

due as (
    select * from {{ ref('bonus_due') }}
),

absent as (
    select
        period_id,
        subject_kind,
        subject_id,
        min(table_name) as table_name
    from {{ ref('policy_absent_export') }}
    group by period_id, subject_kind, subject_id
),

metric as (
    select
        component_id,
        period_id,
        text_value as kpi_id
    from {{ ref('policy_component_parameter') }}
    where parameter = 'metric'
),

no_export as (
    select
        tally.agent_id,
        tally.period_id,
        tally.component_id,
        tally.segment_no,
        counted.event_kind as subject_id
    from {{ ref('bonus_tally') }} as tally
    inner join (
        select
            agent_id,
            period_id,
            component_id,
            segment_no,
            event_kind
        from {{ ref('bonus_tally_line') }}
        where not has_export
        union all
        select
            agent_id,
            period_id,
            component_id,
            segment_no,
            event_kind
        from {{ ref('bonus_gate') }}
        where status = 'no_export'
    ) as counted
        on
            tally.agent_id = counted.agent_id
            and tally.period_id = counted.period_id
            and tally.component_id = counted.component_id
            and tally.segment_no = counted.segment_no
    union all
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        'qa_deduction' as subject_id
    from due
    inner join {{ ref('bonus_coefficient') }} as coefficient
        on
            due.agent_id = coefficient.agent_id
            and due.period_id = coefficient.period_id
            and due.component_id = coefficient.component_id
    where coefficient.status = 'no_export'
    union all
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        coalesce(metric.kpi_id, due.basis) as subject_id
    from due
    left join metric
        on
            due.component_id = metric.component_id
            and due.period_id = metric.period_id
    where due.mechanism in ('commission', 'threshold', 'top_n', 'improvement')
    union all
    -- No score at all, and nothing to score by.
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        score_line.kpi_id as subject_id
    from due
    inner join {{ ref('score_line') }} as score_line
        on
            due.agent_id = score_line.agent_id
            and due.period_id = score_line.period_id
            and score_line.unscored_reason = 'no_export'
    where due.mechanism in ('graded', 'scored') and due.total_score is null
),

lacking_export as (
    select
        no_export.agent_id,
        no_export.period_id,
        no_export.component_id,
        no_export.segment_no,
        'no_export' as reason,
        min(absent.table_name) as lacks
    from no_export
    inner join absent
        on
            no_export.period_id = absent.period_id
            and no_export.subject_id = absent.subject_id
    group by no_export.agent_id, no_export.period_id, no_export.component_id, no_export.segment_no
),

based as (
    select distinct
        base.agent_id,
        period_month.period_id,
        base.component_id
    from {{ ref('bonus_base') }} as base
    inner join {{ ref('dim_period_month') }} as period_month
        on base.month_id = period_month.month_id
),

lacking_row as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        case
            when due.basis = 'base_salary' then 'no_attribute'
            when base_component.component_id is not null then 'no_base'
            when due.rate_key is null or due.band_value is null then 'no_attribute'
            else 'no_rate_row'
        end as reason,
        case
            when due.basis = 'base_salary' then 'workforce.agent.base_salary'
            when base_component.component_id is not null then due.basis
            when due.rate_key is null then 'workforce.agent.' || component.key_attribute
            when due.band_value is null then 'workforce.agent.hired_on'
            else component.key_attribute || ' ' || due.rate_key
        end as lacks
    from due
    inner join {{ ref('policy_component') }} as component
        on
            due.component_id = component.component_id
            and due.period_id = component.period_id
    left join {{ ref('policy_component') }} as base_component
        on
            due.basis = base_component.component_id
            and due.period_id = base_component.period_id
            and due.mechanism = 'scored'
    left join based
        on
            due.agent_id = based.agent_id
            and due.period_id = based.period_id
            and due.basis = based.component_id
    left join {{ ref('policy_component_rate') }} as rate
        on
            due.component_id = rate.component_id
            and due.period_id = rate.period_id
            and due.rate_key = rate.rate_key
            and {{ in_band('due.band_value', 'rate') }}
    where
        (due.mechanism in ('graded', 'scored') and due.basis = 'base_salary' and due.base_salary_cny is null)
        or (due.mechanism = 'scored' and base_component.component_id is not null and based.agent_id is null)
        or (
            (due.mechanism in ('fixed', 'per_event') or (due.mechanism = 'scored' and due.basis = 'rate_table'))
            and coalesce(component.key_attribute, '') <> 'grade'
            and rate.component_id is null
        )
),

lacking as (
    select * from lacking_export
    union all
    select lacking_row.*
    from lacking_row
    left join lacking_export
        on
            lacking_row.agent_id = lacking_export.agent_id
            and lacking_row.period_id = lacking_export.period_id
            and lacking_row.component_id = lacking_export.component_id
            and lacking_row.segment_no = lacking_export.segment_no
    where lacking_export.agent_id is null
)

select
    due.period_kind,
    due.period_id,
    due.agent_id,
    due.scheme_id,
    due.component_id,
    due.segment_no,
    lacking.reason,
    lacking.lacks,
    due.component_label_en || case lacking.reason
        when 'no_export' then ': not paid, no export of ' || lacking.lacks || ' ever came'
        when 'no_attribute' then ': not paid, ' || lacking.lacks || ' is empty'
        when 'no_base' then ': not paid, there is no ' || lacking.lacks || ' to pay a share of'
        else ': not paid, its table has no row for ' || lacking.lacks
    end as label_en,
    due.component_label_zh || case lacking.reason
        when 'no_export' then '：未发放，从未收到 ' || lacking.lacks || ' 的导出'
        when 'no_attribute' then '：未发放，' || lacking.lacks || ' 为空'
        when 'no_base' then '：未发放，无计算基数 ' || lacking.lacks
        else '：未发放，费率表中没有 ' || lacking.lacks || ' 一行'
    end as label_zh,
    due.component_clause_id as clause_id
from lacking
inner join due
    on
        lacking.agent_id = due.agent_id
        and lacking.period_id = due.period_id
        and lacking.component_id = due.component_id
        and lacking.segment_no = due.segment_no
