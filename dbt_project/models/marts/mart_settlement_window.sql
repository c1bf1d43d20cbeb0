-- Grain: one month, one plan that names days for settling it (PT-15): in the next month.

with

named_day as (
    select
        period_id as month_id,
        scheme_id,
        max(case when parameter = 'settlement_first_day' then value end) as first_day,
        max(case when parameter = 'settlement_last_day' then value end) as last_day,
        min(clause_id) as clause_id,
        min(value_origin) as value_origin
    from {{ ref('policy_scheme_rule') }}
    where parameter in ('settlement_first_day', 'settlement_last_day')
    group by period_id, scheme_id
),

dated as (
    select
        named_day.month_id,
        named_day.scheme_id,
        {{ add_days('period.ends_before_on', 'named_day.first_day - 1') }} as opens_on,
        {{ add_days('period.ends_before_on', 'named_day.last_day - 1') }} as closes_on,
        named_day.clause_id,
        named_day.value_origin
    from named_day
    inner join {{ ref('dim_period') }} as period
        on named_day.month_id = period.period_id
)

select
    dated.month_id,
    dated.scheme_id,
    dated.opens_on,
    dated.closes_on,
    case
        when run_context.as_of_on < dated.opens_on then 'not_open'
        when run_context.as_of_on <= dated.closes_on then 'open'
        else 'closed'
    end as status,
    dated.clause_id,
    dated.value_origin
from dated
cross join {{ ref('dim_run_context') }} as run_context
