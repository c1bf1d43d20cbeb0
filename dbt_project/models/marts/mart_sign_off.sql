-- Grain: one ended period: whether a reviewer has signed it off (BS-05).

with

signed as (
    select
        period_id,
        cast(count(*) as bigint) as reviewer_count,
        min(signed_at) as first_signed_at
    from {{ ref('fct_sign_off') }}
    cross join {{ ref('dim_run_context') }} as run_context
    where signed_at < run_context.cut_at
    group by period_id
)

select
    period.period_kind,
    period.period_id,
    period.ends_on,
    coalesce(signed.reviewer_count, 0) as reviewer_count,
    signed.first_signed_at,
    case when signed.reviewer_count > 0 then 'signed_off' else 'awaiting_sign_off' end as status,
    'BS-05' as clause_id
from {{ ref('dim_period') }} as period
left join signed
    on period.period_id = signed.period_id
where period.has_ended
