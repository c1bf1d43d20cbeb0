-- Grain: one pay plan, as its newest period names it.

with

named as (
    select
        scheme.scheme_id,
        scheme.name_en,
        scheme.name_zh,
        row_number() over (
            partition by scheme.scheme_id
            order by period.starts_on desc nulls last, scheme.period_id asc nulls last
        ) as recency
    from {{ ref('policy_scheme') }} as scheme
    inner join {{ ref('dim_period') }} as period
        on scheme.period_id = period.period_id
)

select
    scheme_id,
    cast(row_number() over (order by scheme_id asc nulls last) as bigint) as scheme_order,
    name_en,
    name_zh
from named
where recency = 1
