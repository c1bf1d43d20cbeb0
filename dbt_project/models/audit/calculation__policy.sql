-- Grain: one number of a policy row in force, as the calculation reads it.

{# Leaves: rows of rate tables, parameters, weights and thresholds of events, bands of grades, weights and curves of
   scores, shares of plans. #}

{# What people call the parameters that are numbers; one that a new mechanism reads is called by its own name. #}
{% set named_parameters = [
    ('base_cny', 'base amount', '计奖基数'), ('unit_value_cny', 'value of a point', '每分金额'),
    ('share', 'share', '占比'), ('multiple', 'multiple', '倍数'), ('company_factor', 'company factor', '公司系数'),
    ('step_share', 'share of a step', '每级占比'), ('min_quantity', 'least quantity', '数量下限'),
    ('max_quantity', 'largest quantity', '数量上限'), ('min_sample', 'smallest sample', '最小样本'),
    ('max_service_months', 'months of service at most', '入职月数上限')
] %}

with

rate as (
    select
        *,
        case when rate is null then 'amount' else 'rate' end as what,
        coalesce(rate, amount_cny) as stated,
        row_number() over (
            partition by period_id, component_id order by rate_key asc nulls last, lower_bound asc nulls last
        ) as band_order
    from {{ ref('policy_component_rate') }}
),

parameter as (
    select
        *,
        case parameter
            {% for name, label, label_zh in named_parameters %}
            when '{{ name }}' then '{{ label }}'
            {% endfor %}
            else replace(parameter, '_', ' ')
        end as label_en,
        case parameter
            {% for name, label, label_zh in named_parameters %}
            when '{{ name }}' then '{{ label_zh }}'
            {% endfor %}
            else '参数'
        end as label_zh
    from {{ ref('policy_component_parameter') }}
),

counted as (
    select
        event.*,
        kind.label_en,
        kind.label_zh
    from {{ ref('policy_component_event') }} as event
    left join {{ ref('policy_event_kind') }} as kind
        on
            event.event_kind = kind.event_kind
            and event.period_id = kind.period_id
),

band as (
    select *
    from {{ ref('policy_grade_band') }}
    where method in ('forced', 'absolute')
),

scored as (
    select * from {{ ref('policy_score_kpi') }}
),

scheme as (
    select * from {{ ref('policy_scheme') }}
),

convention as (
    select * from {{ ref('policy_convention') }}
)

select
    {{ node(
        agent_id='null', node_key="'rate:' || " ~ key_of('policy_component_rate', 'rate'), kind="'rate_row'",
        table_key="'rates:' || rate.period_id || ':' || rate.component_id || ':' || rate.what",
        row_key='rate.rate_key', label="'rate table'", label_zh="'费率表'", value='rate.stated',
        unit="case rate.what when 'amount' then 'cny' else 'factor' end",
        position='rate.band_order', band_side='rate.band_side', effective_from_on='rate.effective_from_on',
        clause_id='rate.clause_id', value_origin='rate.value_origin', input_model="'policy_component_rate'",
        input_key=key_of('policy_component_rate', 'rate'),
        input_column="case rate.what when 'amount' then 'amount_cny' else 'rate' end"
    ) }}
from rate
{% for column, operand, label, label_zh in [
    ('lower_bound', 'low', 'at least', '下限'), ('upper_bound', 'high', 'below', '上限')
] %}
{% set rate_key = key_of('policy_component_rate', 'rate') %}
union all
select
    {{ node(
        agent_id='null', node_key="'" ~ column ~ ":' || " ~ rate_key,
        parent_key="case when not (rate.band_side = 'upper' and rate.is_first_band and '" ~ operand ~ "' = 'low')
            then 'rate:' || " ~ rate_key ~ " end",
        operand="'" ~ operand ~ "'", position=loop.index, kind="'bound'", label="'" ~ label ~ "'",
        label_zh="'" ~ label_zh ~ "'", unit="'bound'", effective_from_on='rate.effective_from_on',
        clause_id='rate.clause_id', value_origin='rate.value_origin', cell=['policy_component_rate', column, 'rate']
    ) }}
from rate
where {{ column }} is not null
{% endfor %}
{% for column, operand, method in [('min_score', 'low', 'absolute'), ('cumulative_share', 'high', 'forced')] %}
{% set band_key = key_of('policy_grade_band', 'band') %}
union all
select
    {{ node(
        agent_id='null', node_key="'" ~ column ~ ":' || " ~ band_key, parent_key="'band:' || " ~ band_key,
        operand="'" ~ operand ~ "'", position=loop.index, kind="'bound'",
        label="'" ~ ('score from' if operand == 'low' else 'position below') ~ "'",
        label_zh="'" ~ ('分数不低于' if operand == 'low' else '位置低于') ~ "'", unit="'bound'",
        effective_from_on='band.effective_from_on', clause_id='band.clause_id', value_origin='band.value_origin',
        cell=['policy_grade_band', column, 'band']
    ) }}
from band
where method = '{{ method }}' and {{ column }} is not null
{% endfor %}
union all
select
    {{ node(
        agent_id='null', node_key="'parameter:' || " ~ key_of('policy_component_parameter', 'parameter'),
        kind="'parameter'",
        label='parameter.label_en', label_zh='parameter.label_zh', value='parameter.value',
        text_value='parameter.text_value',
        unit="'parameter'", effective_from_on='parameter.effective_from_on', clause_id='parameter.clause_id',
        value_origin='parameter.value_origin', input_model="'policy_component_parameter'",
        input_key=key_of('policy_component_parameter', 'parameter'),
        input_column="case when parameter.value is null then 'text_value' else 'value' end"
    ) }}
from parameter
{% for column, label, label_zh in [('weight', 'weight', '权重'), ('threshold_value', 'limit', '限值')] %}
union all
select
    {{ node(
        agent_id='null', node_key="'" ~ column ~ ":' || " ~ key_of('policy_component_event', 'counted'),
        kind="'parameter'",
        label="'" ~ label ~ "'", label_zh="'" ~ label_zh ~ "'", unit="'" ~ label ~ "'",
        effective_from_on='counted.effective_from_on', clause_id='counted.clause_id',
        value_origin='counted.value_origin', cell=['policy_component_event', column, 'counted']
    ) }}
from counted
where {{ column }} is not null
{% endfor %}
union all
select
    {{ node(
        agent_id='null', node_key="'band:' || " ~ key_of('policy_grade_band', 'band'), kind="'band'",
        table_key="'bands:' || band.period_id || ':' || band.scheme_id || ':' || band.method",
        position='band.band_no', label='band.grade', label_zh="'等级'", text_value='band.grade',
        band_side="'first'",
        effective_from_on='band.effective_from_on', clause_id='band.clause_id', value_origin='band.value_origin',
        cell=['policy_grade_band', 'grade', 'band']
    ) }}
from band
{% for column, label, label_zh in [
    ('kpi_weight', 'weight in its block', '块内权重'), ('block_weight', 'weight of the block', '块权重'),
    ('floor_value', 'floor', '底线值'), ('target_value', 'target', '目标值'), ('stretch_value', 'stretch', '挑战值')
] %}
union all
select
    {{ node(
        agent_id='null', node_key="'" ~ column ~ ":' || " ~ key_of('policy_score_kpi', 'scored'), kind="'parameter'",
        label="'" ~ label ~ "'", label_zh="'" ~ label_zh ~ "'", unit="'" ~ column ~ "'",
        effective_from_on='scored.effective_from_on', clause_id='scored.clause_id', value_origin='scored.value_origin',
        cell=['policy_score_kpi', column, 'scored']
    ) }}
from scored
where {{ column }} is not null
{% endfor %}
{% for column, label, label_zh in [
    ('supervisor_share', 'share of the supervisor score', '主管评价占比'),
    ('collaboration_share', 'share of the collaboration score', '协作评分占比'),
    ('min_group_size', 'least group that is ranked', '强制排名最小人数')
] %}
union all
select
    {{ node(
        agent_id='null', node_key="'" ~ column ~ ":' || " ~ key_of('policy_scheme', 'scheme'), kind="'parameter'",
        label="'" ~ label ~ "'", label_zh="'" ~ label_zh ~ "'", unit="'" ~ column ~ "'",
        cell=['policy_scheme', column, 'scheme']
    ) }}
from scheme
where {{ column }} is not null
{% endfor %}
{% for column, label, label_zh in [
    ('target_points', 'points at the target', '达标得分'), ('stretch_points', 'points at the stretch', '挑战得分')
] %}
union all
select
    {{ node(
        agent_id='null', node_key="'" ~ column ~ ":' || " ~ key_of('policy_convention', 'convention'),
        kind="'parameter'",
        label="'" ~ label ~ "'", label_zh="'" ~ label_zh ~ "'", unit="'points'", clause_id="'S-CURVE'",
        cell=['policy_convention', column, 'convention']
    ) }}
from convention
where {{ column }} is not null
{% endfor %}
