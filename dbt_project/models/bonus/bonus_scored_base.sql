-- Grain: one due share of a base, one month and segment whose base it takes (SS-02, SS-03, SS-05).

{# Each base line stands in the due segment of the same row of the job history. With base_of = last_month the whole
   amount of the last month on the plan counts, and nothing else (SS-05): where that month has none, since its row of
   the table is not known, no earlier one stands in for it. #}

with

month_due as (
    select
        due.component_id as base_component_id,
        due.period_id as base_month_id,
        due.segment_no as base_segment_no,
        due.agent_id,
        segment.period_id,
        segment.segment_no,
        row_number() over (
            partition by due.component_id, due.agent_id, segment.period_id
            order by due.period_id desc nulls last, due.segment_no desc nulls last
        ) = 1 as is_last
    from {{ ref('bonus_due') }} as due
    inner join {{ ref('dim_agent_month_segment') }} as month_segment
        on
            due.agent_id = month_segment.agent_id
            and due.period_id = month_segment.month_id
            and due.segment_no = month_segment.segment_no
    inner join {{ ref('dim_period_month') }} as period_month
        on month_segment.month_id = period_month.month_id
    inner join {{ ref('dim_agent_period_segment') }} as segment
        on
            due.agent_id = segment.agent_id
            and period_month.period_id = segment.period_id
            and month_segment.effective_from_on = segment.effective_from_on
    where due.mechanism = 'fixed' and due.period_kind = 'month'
),

month_base as (
    select
        month_due.*,
        base.whole_amount_cny,
        base.amount_cny,
        base.value_origin
    from month_due
    inner join {{ ref('bonus_base') }} as base
        on
            month_due.base_component_id = base.component_id
            and month_due.agent_id = base.agent_id
            and month_due.base_month_id = base.month_id
            and month_due.base_segment_no = base.segment_no
),

due as (
    select
        due.*,
        coalesce(base_of.text_value = 'last_month', false) as is_whole_month
    from {{ ref('bonus_due') }} as due
    left join {{ ref('policy_component_parameter') }} as base_of
        on
            due.component_id = base_of.component_id
            and due.period_id = base_of.period_id
            and base_of.parameter = 'base_of'
    where due.mechanism = 'scored'
)

select
    due.agent_id,
    due.period_id,
    due.component_id,
    due.segment_no,
    month_base.base_component_id,
    month_base.base_month_id,
    month_base.base_segment_no,
    due.is_whole_month,
    case when due.is_whole_month then month_base.whole_amount_cny else month_base.amount_cny end as base_cny,
    cast(row_number() over (
        partition by due.agent_id, due.period_id, due.component_id, due.segment_no
        order by month_base.base_month_id asc nulls last, month_base.base_segment_no asc nulls last
    ) as bigint) as base_order,
    month_base.value_origin
from due
inner join month_base
    on
        due.basis = month_base.base_component_id
        and due.agent_id = month_base.agent_id
        and due.period_id = month_base.period_id
        and case when due.is_whole_month then month_base.is_last else due.segment_no = month_base.segment_no end
