-- Grain: one month, one plan: mix and spread of its pay, no individual's (PM-03, BS-04, PR-03).

with

agent_pay as (
    select
        period_id,
        scheme_id,
        agent_id,
        cast(sum(amount_cny) as decimal(18, 2)) as total_cny,
        cast(sum(case when pay_kind = 'performance' then amount_cny else 0 end) as decimal(18, 2)) as performance_cny
    from {{ ref('bonus_line') }}
    where period_kind = 'month' and adjusts_bonus_line_id is null
    group by period_id, scheme_id, agent_id
),

ordered as (
    select
        *,
        cast(row_number() over (
            partition by period_id, scheme_id order by performance_cny asc nulls last, agent_id asc nulls last
        ) as bigint) as row_no,
        cast(count(*) over (partition by period_id, scheme_id) as bigint) as agent_count
    from agent_pay
),

summed as (
    select
        ordered.period_id,
        ordered.scheme_id,
        max(analysis.group_min_size) as group_min_size,
        max(ordered.agent_count) as agent_count,
        cast(count(case when ordered.total_cny <> 0 then 1 end) as bigint) as paid_agent_count,
        cast(count(case when ordered.performance_cny <> 0 then 1 end) as bigint) as performing_agent_count,
        cast(count(case when ordered.total_cny <> ordered.performance_cny then 1 end) as bigint) as other_agent_count,
        cast(sum(ordered.total_cny) as decimal(18, 2)) as total_cny,
        cast(sum(ordered.performance_cny) as decimal(18, 2)) as performance_cny,
        min(case
            when {{ is_from_percentile('ordered.row_no', 'ordered.agent_count', 'analysis.high_percentile') }}
                then ordered.performance_cny
        end) as high_cny,
        min(case
            when {{ is_from_percentile('ordered.row_no', 'ordered.agent_count', 'analysis.low_percentile') }}
                then ordered.performance_cny
        end) as low_cny
    from ordered
    inner join {{ ref('policy_pay_analysis') }} as analysis
        on ordered.period_id = analysis.period_id
    group by ordered.period_id, ordered.scheme_id
),

rule as (
    select
        period_id,
        scheme_id,
        max(case when parameter = 'performance_share_min' then value end) as min_share,
        max(case when parameter = 'performance_share_max' then value end) as max_share,
        max(case when parameter = 'performance_share_min' then clause_id end) as clause_id
    from {{ ref('policy_scheme_rule') }}
    where period_kind = 'month'
    group by period_id, scheme_id
),

shared as (
    select
        summed.*,
        case
            when summed.total_cny > 0 then {{ ratio('summed.performance_cny', 'summed.total_cny') }}
        end as performance_share,
        case when summed.low_cny > 0 then {{ ratio('summed.high_cny', 'summed.low_cny') }} end as spread_ratio,
        rule.min_share,
        rule.max_share,
        rule.clause_id
    from summed
    left join rule
        on
            summed.period_id = rule.period_id
            and summed.scheme_id = rule.scheme_id
),

counted as (
    select
        *,
        paid_agent_count >= group_min_size as has_enough_paid,
        -- The total less the performance pay is the pay of those with any other: of nobody, or of enough.
        paid_agent_count >= group_min_size
        and performing_agent_count >= group_min_size
        and (other_agent_count = 0 or other_agent_count >= group_min_size) as has_enough_performing
    from shared
)

-- A figure behind which fewer stand than the smallest group is nobody's business but payroll's.
select
    'month' as period_kind,
    period_id,
    scheme_id,
    agent_count,
    case when has_enough_paid then total_cny end as total_cny,
    case when has_enough_performing then performance_cny end as performance_cny,
    case when has_enough_performing then performance_share end as performance_share,
    min_share,
    max_share,
    case
        when min_share is null or performance_share is null or not has_enough_performing then 'not_checked'
        when not {{ reaches_share(millionths('performance_cny'), millionths('total_cny'), 'min_share') }} then 'below'
        when {{ exceeds_share(millionths('performance_cny'), millionths('total_cny'), 'max_share') }} then 'above'
        else 'within'
    end as mix_status,
    case when has_enough_performing then spread_ratio end as spread_ratio,
    not has_enough_performing as is_suppressed,
    coalesce(clause_id, 'BS-04') as clause_id
from counted
