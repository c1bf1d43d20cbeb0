-- Grain: one month, quarter or year.

select
    period.period_id,
    period.period_kind,
    cast(
        row_number() over (partition by period.period_kind order by period.starts_on asc nulls last) as bigint
    ) as period_order,
    replace(period.period_id, '-Q', ' Q') as label_en,
    case period.period_kind
        when 'month' then replace(period.period_id, '-', '年') || '月'
        when 'quarter' then replace(period.period_id, '-Q', '年第') || '季度'
        else period.period_id || '年'
    end as label_zh,
    period.starts_on,
    period.ends_on,
    period.day_count,
    period.has_ended,
    settled.period_id is not null as is_settled,
    period.previous_period_id,
    {{ quarter_id('period.starts_on') }} as quarter_id,
    {{ year_id('period.starts_on') }} as year_id
from {{ ref('dim_period') }} as period
left join {{ ref('dim_settled_period') }} as settled
    on period.period_id = settled.period_id
