-- Grain: one number that makes up the coefficient of a points plan: the points deducted and where they come from.

with

coefficient as (
    select * from {{ ref('bonus_coefficient') }}
),

deduction as (
    select
        deduction.*,
        component.label_en as component_label_en,
        component.label_zh as component_label_zh,
        definition.name_en,
        definition.name_zh,
        coefficient.component_id as coefficient_component_id,
        deduction.kpi_value is null as is_of_reviews,
        row_number() over (
            partition by deduction.agent_id, deduction.period_id, coefficient.component_id
            order by deduction.source asc nulls last
        ) as deduction_order
    from {{ ref('bonus_deduction') }} as deduction
    inner join coefficient
        on
            deduction.agent_id = coefficient.agent_id
            and deduction.period_id = coefficient.period_id
            and deduction.scheme_id = coefficient.scheme_id
    inner join {{ ref('policy_component') }} as component
        on
            deduction.component_id = component.component_id
            and deduction.period_id = component.period_id
    left join {{ ref('policy_kpi_period') }} as definition
        on
            deduction.period_id = definition.period_id
            and deduction.source = definition.kpi_id
),

of_kpi as (
    select * from deduction
    where not is_of_reviews
),

of_reviews as (
    select * from deduction
    where is_of_reviews and deduction_points is not null
),

review_event as (
    select
        of_reviews.*,
        event.segment_no,
        event.event_kind
    from of_reviews
    inner join {{ ref('bonus_due_days') }} as due
        on
            of_reviews.agent_id = due.agent_id
            and of_reviews.period_id = due.period_id
            and of_reviews.component_id = due.component_id
    inner join {{ ref('bonus_event') }} as event
        on
            due.agent_id = event.agent_id
            and due.period_id = event.period_id
            and event.event_kind = 'qa_deduction'
            and {{ is_own_day('due', 'event') }}
),

own_month as (
    select
        own.*,
        row_number() over (
            partition by own.agent_id, own.period_id, own.component_id, own.kpi_id order by own.month_id asc nulls last
        ) as month_no
    from {{ ref('bonus_own_observation') }} as own
    inner join of_kpi
        on
            own.agent_id = of_kpi.agent_id
            and own.period_id = of_kpi.period_id
            and own.component_id = of_kpi.component_id
            and own.kpi_id = of_kpi.source
)
{% set coefficient_key = key_of('bonus_coefficient', 'coefficient') %}
{% set deduction_key = "'deduction:' || " ~ key_of('bonus_deduction', 'deduction') %}
{% set of_kpi_key = key_of('bonus_deduction', 'of_kpi') %}
{% set month_key = key_of('bonus_deduction', 'own_month', {'source': 'own_month.kpi_id'}) %}

select
    {{ node(
        node_key="'coefficient:' || " ~ coefficient_key, kind="'coefficient'",
        operation="case when coefficient is not null then 'row' end",
        label="'coefficient of the month (' || coalesce(customer_group, '') || ')'", label_zh="'月度系数'", unit="'factor'",
        table_key="'rates:' || period_id || ':' || component_id || ':rate'",
        chosen_key=key_of('policy_component_rate', 'coefficient', {'rate_key': 'coefficient.customer_group'}),
        reason="case when coefficient is null then 'no_export' end",
        reason_zh="case when coefficient is null then '从未收到所需导出' end", clause_id='clause_id',
        value_origin='value_origin', cell=['bonus_coefficient', 'coefficient', 'coefficient']
    ) }}
from coefficient
union all
select
    {{ node(
        node_key="'customer_group:' || " ~ coefficient_key, parent_key="'coefficient:' || " ~ coefficient_key,
        operand="'key'", position=1, kind="'key'", label="'customer group'", label_zh="'客户群'",
        text_value='customer_group', cell=['bonus_coefficient', 'customer_group', 'coefficient']
    ) }}
from coefficient
where customer_group is not null
union all
select
    {{ node(
        node_key="'deductions:' || " ~ coefficient_key, parent_key="'coefficient:' || " ~ coefficient_key,
        operand="'number'", position=2, kind="'deduction'", operation="'sum'", label="'points deducted'",
        label_zh="'扣分合计'", unit="'points'", decimals=6, cell=['bonus_coefficient', 'deduction_points', 'coefficient']
    ) }}
from coefficient
where deduction_points is not null
union all
select
    {{ node(
        node_key=deduction_key,
        parent_key="case when deduction_points is null then 'coefficient:' else 'deductions:' end || "
            ~ key_of('bonus_coefficient', 'deduction', {'component_id': 'deduction.coefficient_component_id'}),
        operand="case when deduction_points is null then 'unknown' else 'term' end", position='deduction_order',
        kind="'deduction'",
        operation="case when deduction_points is null then null when is_of_reviews then 'sum' else 'row' end",
        label="case when is_of_reviews then 'deducted in QA reviews' else coalesce(name_en, source) end",
        label_zh="case when is_of_reviews then '质检扣分' else name_zh end", unit="'points'", decimals=6,
        table_key="case when not is_of_reviews then 'rates:' || period_id || ':' || component_id || ':rate' end",
        chosen_key="case when not is_of_reviews then "
            ~ key_of('policy_component_rate', 'deduction', {'rate_key': 'deduction.source'}) ~ " end",
        reason="case when deduction_points is null then 'no_export' end",
        reason_zh="case when deduction_points is null then '从未收到所需导出' end", clause_id='clause_id',
        value_origin='value_origin', cell=['bonus_deduction', 'deduction_points', 'deduction']
    ) }}
from deduction
union all
select
    {{ uses(
        node_key="'event:' || " ~ key_of('bonus_event', 'review_event'),
        parent_key="'deduction:' || " ~ key_of('bonus_deduction', 'review_event'), operand="'term'",
        position='segment_no'
    ) }}
from review_event
union all
select
    {{ node(
        node_key="'deduction_kpi:' || " ~ of_kpi_key, parent_key="'deduction:' || " ~ of_kpi_key, operand="'key'",
        position=1, kind="'key'", label="'KPI'", label_zh="'指标'", text_value='source',
        cell=['bonus_deduction', 'source', 'of_kpi']
    ) }}
from of_kpi
union all
select
    {{ node(
        node_key="'own_value:' || " ~ of_kpi_key, parent_key="'deduction:' || " ~ of_kpi_key, operand="'number'",
        position=2, kind="'observation'", operation="'ratio'", label='name_en', label_zh='name_zh',
        unit="'numerator / denominator'", decimals=6, is_exact='true', cell=['bonus_deduction', 'kpi_value', 'of_kpi']
    ) }}
from of_kpi
{% for column, label, label_zh in [('numerator', 'numerator', '分子'), ('denominator', 'denominator', '分母')] %}
union all
select
    {{ node(
        node_key="'own_" ~ column ~ ":' || " ~ month_key, parent_key="'own_value:' || " ~ month_key,
        operand="'" ~ column ~ "'", position=loop.index, kind="'" ~ column ~ "'",
        operation="case when is_sum and '" ~ column ~ "' = 'denominator' then null else 'sum' end",
        value="case when is_sum and '" ~ column ~ "' = 'denominator' then 1 end",
        label="'" ~ label ~ "'", label_zh="'" ~ label_zh ~ "'", unit="'sum over evidence'"
    ) }}
from own_month
where month_no = 1
union all
select
    {{ node(
        node_key="'own_month_" ~ column ~ ":' || " ~ key_of('bonus_own_observation', 'own_month'),
        parent_key="'own_" ~ column ~ ":' || " ~ month_key,
        operand="case when is_sum and '" ~ column ~ "' = 'denominator' then 'shown' else 'term' end",
        position='month_no', kind="'" ~ column ~ "'", label="'" ~ label ~ " of ' || month_id",
        label_zh="'" ~ label_zh ~ "'", unit="'sum over evidence'", cell=['bonus_own_observation', column, 'own_month']
    ) }}
from own_month
{% endfor %}
