-- Grain: one number that makes up an attainment: the actual of the own days against the target's share of them.

with

attainment as (
    select
        attainment.*,
        definition.name_en,
        definition.name_zh,
        definition.unit,
        own_target.agent_id is not null as has_own_target
    from {{ ref('bonus_attainment') }} as attainment
    left join {{ ref('policy_kpi_period') }} as definition
        on
            attainment.period_id = definition.period_id
            and attainment.kpi_id = definition.kpi_id
    left join {{ ref('fct_target') }} as own_target
        on
            attainment.agent_id = own_target.agent_id
            and attainment.period_id = own_target.period_id
            and attainment.kpi_id = own_target.metric
            and own_target.target_value is not null
),

targeted as (
    select * from attainment
    where target_value is not null
),

own as (
    select * from targeted
    where has_own_target
),

own_month as (
    select
        own.*,
        target.target_value,
        attainment.has_own_target,
        attainment.target_value as period_target_value,
        target.target_value is not null as has_month_target,
        row_number() over (
            partition by own.agent_id, own.period_id, own.component_id order by own.month_id asc nulls last
        ) as month_no
    from {{ ref('bonus_own_observation') }} as own
    inner join attainment
        on
            own.agent_id = attainment.agent_id
            and own.period_id = attainment.period_id
            and own.component_id = attainment.component_id
            and own.kpi_id = attainment.kpi_id
    left join {{ ref('fct_target') }} as target
        on
            own.agent_id = target.agent_id
            and own.month_id = target.period_id
            and own.kpi_id = target.metric
            and target.target_value > 0
),

-- Where the target is that of the months, only their actuals count.
counted_month as (
    select * from own_month
    where has_own_target or has_month_target or period_target_value is null
),

target_month as (
    select * from own_month
    where not has_own_target and has_month_target
)
{% set key = key_of('bonus_attainment', 'attainment') %}
{% set own_key = key_of('bonus_attainment', 'own') %}
{% set month_key = key_of('bonus_attainment', 'target_month') %}
{% set one_month_key = key_of('bonus_own_observation', 'target_month') %}

select
    {{ node(
        node_key="'attainment:' || " ~ key, kind="'attainment'",
        operation="case when status = 'has_target' then 'ratio' end",
        label="'attainment of ' || coalesce(name_en, kpi_id)", label_zh="coalesce(name_zh, kpi_id) || '达成率'",
        unit="'share'", decimals=6, is_exact='true', reason="case when status <> 'has_target' then status end",
        reason_zh="case status when 'no_target' then '未设目标' when 'no_export' then '从未收到所需导出' end",
        cell=['bonus_attainment', 'attainment', 'attainment']
    ) }}
from attainment
union all
select
    {{ node(
        node_key="'actual:' || " ~ key, parent_key="'attainment:' || " ~ key, operand="'numerator'", position=1,
        kind="'actual'", operation="'sum'", label='coalesce(name_en, kpi_id)', label_zh='coalesce(name_zh, kpi_id)',
        unit='unit', cell=['bonus_attainment', 'actual_value', 'attainment']
    ) }}
from attainment
union all
select
    {{ node(
        node_key="'own_numerator:' || " ~ key_of('bonus_own_observation', 'counted_month'),
        parent_key="'actual:' || " ~ key_of('bonus_attainment', 'counted_month'), operand="'term'", position='month_no',
        kind="'numerator'", label="'counted in ' || month_id", label_zh="month_id || ' 计入'",
        unit="'sum over evidence'", cell=['bonus_own_observation', 'numerator', 'counted_month']
    ) }}
from counted_month
union all
select
    {{ node(
        node_key="'target:' || " ~ key_of('bonus_attainment', 'targeted'),
        parent_key="'attainment:' || " ~ key_of('bonus_attainment', 'targeted'), operand="'denominator'", position=2,
        kind="'target'", operation="case when has_own_target then 'product' else 'sum' end",
        label="'target for the days on the plan'", label_zh="'任职天数内目标'", unit='unit', decimals=6, is_exact='true',
        clause_id="'S-MOVE'", cell=['bonus_attainment', 'target_value', 'targeted']
    ) }}
from targeted
union all
select
    {{ node(
        node_key="'whole_target:' || " ~ own_key, parent_key="'target:' || " ~ own_key, operand="'factor'",
        position=1, kind="'target'", label="'target of ' || own.period_id", label_zh="own.period_id || ' 目标'",
        unit='own.unit', agent_id='own.agent_id', cell=['fct_target', 'target_value', 'target']
    ) }}
from own
inner join {{ ref('fct_target') }} as target
    on
        own.agent_id = target.agent_id
        and own.period_id = target.period_id
        and own.kpi_id = target.metric
{% for column, operand, label, label_zh in [
    ('own_day_count', 'days', 'days on the plan', '方案天数'),
    ('service_day_count', 'of_days', 'days in service', '在职天数')
] %}
union all
select
    {{ node(
        node_key="'" ~ column ~ ":' || " ~ own_key, parent_key="'target:' || " ~ own_key,
        operand="'" ~ operand ~ "'", position=loop.index + 1, kind="'days'", label="'" ~ label ~ "'",
        label_zh="'" ~ label_zh ~ "'", unit="'days'", cell=['bonus_attainment', column, 'own']
    ) }}
from own
union all
select
    {{ node(
        node_key="'month_" ~ column ~ ":' || " ~ one_month_key, parent_key="'month_target:' || " ~ one_month_key,
        operand="'" ~ operand ~ "'", position=loop.index + 1, kind="'days'", label="'" ~ label ~ "'",
        label_zh="'" ~ label_zh ~ "'", unit="'days'", cell=['bonus_own_observation', column, 'target_month']
    ) }}
from target_month
{% endfor %}
union all
select
    {{ node(
        node_key="'month_target:' || " ~ one_month_key, parent_key="'target:' || " ~ month_key, operand="'term'",
        position='month_no', kind="'target'", operation="'product'", label="'its share of ' || month_id",
        label_zh="month_id || ' 折算'", unit="'target'", is_exact='true'
    ) }}
from target_month
union all
select
    {{ node(
        node_key="'whole_month_target:' || " ~ one_month_key, parent_key="'month_target:' || " ~ one_month_key,
        operand="'factor'", position=1, kind="'target'", label="'target of ' || month_id",
        label_zh="month_id || ' 目标'", unit="'target'",
        cell=['fct_target', 'target_value', 'target_month'],
        cell_columns={'period_id': 'target_month.month_id', 'metric': 'target_month.kpi_id'}
    ) }}
from target_month
union all
select
    {{ node(
        node_key="'shown_target:' || " ~ key_of('bonus_attainment', 'targeted'), kind="'target'", operation="'sum'",
        label="'target, rounded'", label_zh="'目标（取整）'", unit='unit', decimals=6,
        cell=['bonus_attainment', 'target_value', 'targeted']
    ) }}
from targeted
union all
select
    {{ uses(
        node_key="'target:' || " ~ key_of('bonus_attainment', 'targeted'),
        parent_key="'shown_target:' || " ~ key_of('bonus_attainment', 'targeted'), operand="'term'", position=1
    ) }}
from targeted
