-- Grain: one line of the mechanism `scored`: base × share × score, for one segment of service.

{# The base by the component's basis: base_salary, base_cny (a parameter), rate_table (an amount by key and band), or
   the name of a `fixed` component, whose lines of the segment as paid are summed (SS-02, SS-03), or of whose last month
   on the plan the whole amount is taken (base_of = last_month, SS-05), by the segment's days of the period. It is
   multiplied by the parameters share, multiple and company_factor, each 1 if absent. The score pays by the hundred;
   where the component has rows with a rate, by the rate of the score's band. No score, no line. #}

with

due as (
    select *
    from {{ ref('bonus_due') }}
    where mechanism = 'scored' and total_score is not null
),

parameter as (
    select
        component_id,
        period_id,
        max(case when parameter = 'base_cny' then value end) as base_cny,
        max(case when parameter = 'share' then value end) as share,
        max(case when parameter = 'multiple' then value end) as multiple,
        max(case when parameter = 'company_factor' then value end) as company_factor,
        max(case when parameter = 'base_of' then text_value end) as base_of,
        count_if(value_origin = 'site') > 0 as has_site_value
    from {{ ref('policy_component_parameter') }}
    group by component_id, period_id
),

-- Each base line stands in the due segment of the same row of the job history.
month_base as (
    select
        base.component_id,
        base.agent_id,
        segment.period_id,
        segment.segment_no,
        base.whole_amount_cny,
        base.amount_cny,
        base.value_origin,
        row_number() over (
            partition by base.component_id, base.agent_id, segment.period_id
            order by base.month_id desc nulls last, base.segment_no desc nulls last
        ) = 1 as is_last
    from {{ ref('bonus_base') }} as base
    inner join {{ ref('dim_agent_month_segment') }} as month_segment
        on
            base.agent_id = month_segment.agent_id
            and base.month_id = month_segment.month_id
            and base.segment_no = month_segment.segment_no
    inner join {{ ref('dim_period_month') }} as period_month
        on base.month_id = period_month.month_id
    inner join {{ ref('dim_agent_period_segment') }} as segment
        on
            base.agent_id = segment.agent_id
            and period_month.period_id = segment.period_id
            and month_segment.effective_from_on = segment.effective_from_on
),

paid_base as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        cast(
            sum(
                case
                    when parameter.base_of = 'last_month' then month_base.whole_amount_cny
                    else month_base.amount_cny
                end
            ) as decimal(18, 2)
        ) as amount_cny,
        coalesce(max(parameter.base_of), '') <> 'last_month' as is_prorated_already,
        count_if(month_base.value_origin = 'site') > 0 as has_site_value
    from due
    left join parameter
        on
            due.component_id = parameter.component_id
            and due.period_id = parameter.period_id
    inner join month_base
        on
            due.basis = month_base.component_id
            and due.agent_id = month_base.agent_id
            and due.period_id = month_base.period_id
            and case
                when parameter.base_of = 'last_month' then month_base.is_last
                else due.segment_no = month_base.segment_no
            end
    group by due.agent_id, due.period_id, due.component_id, due.segment_no
),

score_band as (
    select * from {{ ref('policy_component_rate') }}
    where rate is not null
),

banded_component as (
    select distinct
        component_id,
        period_id
    from score_band
),

reckoned as (
    select
        due.*,
        case
            when due.basis = 'base_salary' then due.base_salary_cny
            when due.basis = 'base_cny' then cast(parameter.base_cny as decimal(18, 2))
            when due.basis = 'rate_table' then table_row.amount_cny
            else paid_base.amount_cny
        end as base_cny,
        -- A base that is itself paid by segment is not prorated again.
        coalesce(paid_base.is_prorated_already, false) as is_prorated_already,
        coalesce(parameter.share, 1) as share,
        coalesce(parameter.multiple, 1) as multiple,
        coalesce(parameter.company_factor, 1) as company_factor,
        case
            when banded_component.component_id is null then {{ percent('due.total_score') }}
            else cast(score_band.rate as decimal(18, 8))
        end as factor,
        coalesce(score_band.clause_id, table_row.clause_id, due.component_clause_id) as clause_id,
        case
            when
                due.component_value_origin = 'site'
                or coalesce(parameter.has_site_value, false)
                or coalesce(paid_base.has_site_value, false)
                or score_band.value_origin = 'site'
                or table_row.value_origin = 'site'
                then 'site'
            else 'stated'
        end as value_origin
    from due
    left join parameter
        on
            due.component_id = parameter.component_id
            and due.period_id = parameter.period_id
    left join paid_base
        on
            due.agent_id = paid_base.agent_id
            and due.period_id = paid_base.period_id
            and due.component_id = paid_base.component_id
            and due.segment_no = paid_base.segment_no
    left join {{ ref('policy_component_rate') }} as table_row
        on
            due.component_id = table_row.component_id
            and due.period_id = table_row.period_id
            and due.rate_key = table_row.rate_key
            and table_row.amount_cny is not null
            and {{ in_band('due.band_value', 'table_row') }}
    left join banded_component
        on
            due.component_id = banded_component.component_id
            and due.period_id = banded_component.period_id
    left join score_band
        on
            due.component_id = score_band.component_id
            and due.period_id = score_band.period_id
            and {{ in_band('due.total_score', 'score_band') }}
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    segment_no,
    '' as item,
    component_label_en || ' (score ' || cast(total_score as string) || ')' as line_label,
    cast(
        cast(cast(base_cny as decimal(18, 2)) * cast(share as decimal(10, 6)) as decimal(20, 6))
        * cast(cast(multiple as decimal(9, 4)) * cast(company_factor as decimal(8, 4)) as decimal(14, 6))
        as decimal(18, 6)
    ) as quantity,
    'cny' as quantity_unit,
    factor as rate,
    case when is_prorated_already then 1 else day_count end as day_count,
    case when is_prorated_already then 1 else period_day_count end as period_day_count,
    clause_id,
    value_origin,
    'score' as input_model,
    agent_id || ':' || period_id as input_key
from reckoned
where base_cny is not null and factor is not null
