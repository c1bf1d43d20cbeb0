-- Grain: one signal that follows from grades (CG-20 to CG-23), one condition.

with

consequence as (
    select
        *,
        period_id || ':' || subject_id || ':' || consequence as signal_id
    from {{ ref('grade_outcome') }}
    where kind = 'signal' and subject = 'agent'
),

trigger_condition as (
    select
        *,
        cast(1 as bigint) as condition_no,
        'grade ' || grade || ' in ' || graded_period_kind || 's, ' || counting as condition,
        cast(required_count as decimal(24, 6)) as threshold_value,
        cast(actual_count as decimal(24, 6)) as actual_value,
        false as is_money,
        is_met as is_condition_met
    from consequence
),

-- What a met signal grants, such as days of leave.
granted as (
    select
        *,
        cast(1 + 1 as bigint) as condition_no,
        quantity_unit || ' granted' as condition,
        cast(null as decimal(24, 6)) as threshold_value,
        cast(quantity as decimal(24, 6)) as actual_value,
        quantity_unit like '%cny' as is_money,
        true as is_condition_met
    from consequence
    where is_met and quantity is not null and quantity_unit <> 'kpi'
),

-- An improvement plan names the KPIs with the fewest points; of equals the heavier one, then by name.
weakness as (
    select
        consequence.*,
        score_line.kpi_id,
        score_line.target_value,
        score_line.value,
        score_line.points >= convention.target_points as is_target_reached,
        cast(row_number() over (
            partition by consequence.signal_id
            order by
                score_line.points asc nulls last,
                score_line.effective_weight desc nulls last,
                score_line.kpi_id asc nulls last
        ) as bigint) as weakness_no
    from consequence
    inner join {{ ref('score_line') }} as score_line
        on
            consequence.subject_id = score_line.agent_id
            and consequence.period_id = score_line.period_id
            and score_line.is_scored
    inner join {{ ref('policy_convention') }} as convention
        on consequence.period_id = convention.period_id
    where consequence.is_met and consequence.quantity_unit = 'kpi'
),

condition_row as (
    select
        signal_id,
        consequence,
        subject_id,
        period_kind,
        period_id,
        scheme_id,
        condition_no,
        condition,
        threshold_value,
        actual_value,
        is_money,
        is_condition_met,
        is_met,
        clause_id,
        value_origin
    from trigger_condition
    union all
    select
        signal_id,
        consequence,
        subject_id,
        period_kind,
        period_id,
        scheme_id,
        condition_no,
        condition,
        threshold_value,
        actual_value,
        is_money,
        is_condition_met,
        is_met,
        clause_id,
        value_origin
    from granted
    union all
    select
        signal_id,
        consequence,
        subject_id,
        period_kind,
        period_id,
        scheme_id,
        1 + weakness_no as condition_no,
        kpi_id as condition,
        cast(target_value as decimal(24, 6)) as threshold_value,
        value as actual_value,
        false as is_money,
        is_target_reached as is_condition_met,
        is_met,
        clause_id,
        value_origin
    from weakness
    where weakness_no <= quantity
)

select
    signal_id,
    consequence as signal_kind,
    subject_id as agent_id,
    period_kind,
    period_id,
    scheme_id,
    condition_no,
    condition,
    threshold_value,
    actual_value,
    is_money,
    is_condition_met as is_met,
    case when is_met then consequence else 'not_due' end as outcome,
    cast(null as string) as reason,
    clause_id,
    value_origin
from condition_row
