-- Grain: one number that makes up a bonus: its lines, what they multiply, what is due and not paid.

with

stated as (
    select
        *,
        agent_id || ':' || period_id || ':' || component_id || ':' || item as item_key,
        count(*) over (partition by agent_id, period_id, component_id, item) > 1 as has_segments,
        row_number() over (
            partition by agent_id, period_id, component_id, item order by segment_no desc nulls last
        ) = 1 as is_last_segment
    from {{ ref('bonus_line_stated') }}
),

computed as (
    select
        line.*,
        stated.item,
        stated.item_key,
        stated.has_segments,
        stated.has_segments and stated.is_last_segment as absorbs_cents,
        case when stated.has_segments then 'part:' else 'line:' end || line.bonus_line_id as product_key,
        settled.period_id is null as is_paid
    from {{ ref('bonus_line_computed') }} as line
    inner join stated
        on line.bonus_line_id = stated.bonus_line_id
    left join {{ ref('dim_settled_period') }} as settled
        on line.period_id = settled.period_id
),

exploded as (
    select
        bonus_line_id,
        {{ exploded('nodes') }} as stated_node
    from {{ ref('bonus_line_stated') }}
),

below_line as (
    select
        exploded.bonus_line_id,
        computed.agent_id,
        computed.period_id,
        exploded.stated_node,
        exploded.stated_node.kind is null as is_used,
        case
            when exploded.stated_node.parent_key <> ''
                then 'line:' || exploded.bonus_line_id || '/' || exploded.stated_node.parent_key
            else exploded.stated_node.operand || ':line:' || exploded.bonus_line_id
        end as parent_node_key,
        case exploded.stated_node.parent_key when '' then 'term' else exploded.stated_node.operand end as own_operand,
        case
            when exploded.stated_node.kind is null then exploded.stated_node.node_key
            else 'line:' || exploded.bonus_line_id || '/' || exploded.stated_node.node_key
        end as own_node_key
    from exploded
    inner join computed
        on exploded.bonus_line_id = computed.bonus_line_id
    where exploded.stated_node is not null
),

-- Lines whose mechanism states a rate; of the others it is 1.
with_rate as (
    select distinct bonus_line_id
    from exploded
    where stated_node.parent_key = '' and stated_node.operand = 'rate'
),

rated as (
    select
        computed.*,
        with_rate.bonus_line_id is not null as has_rate
    from computed
    left join with_rate
        on computed.bonus_line_id = with_rate.bonus_line_id
),

prorated as (
    select * from computed
    where period_day_count > 1
),

in_segments as (
    select * from computed
    where has_segments
),

settled_line as (
    select
        settled.*,
        computed.bonus_line_id is not null as is_computed
    from {{ ref('fct_settled_line') }} as settled
    left join computed
        on settled.bonus_line_id = computed.bonus_line_id
),

bonus_line as (
    select
        line.*,
        case
            when settled.bonus_line_id is not null then 'settled:'
            when line.adjusts_bonus_line_id is not null then 'adjustment:'
            else 'line:'
        end || line.bonus_line_id as line_key
    from {{ ref('bonus_line') }} as line
    left join settled_line as settled
        on line.bonus_line_id = settled.bonus_line_id
),

-- Its numbers are of the period that pays it, and so have its own id in their keys: that of the line which it corrects
-- says the settled period alone.
adjustment as (
    select
        line.bonus_line_id,
        line.agent_id,
        line.period_id,
        line.line_label,
        line.line_label_zh,
        line.amount_cny,
        correction.bonus_line_id as corrected_line_id,
        correction.settled_cny,
        correction.adjusted_cny,
        correction.moved_cny,
        correction.ranking_correction,
        computed.bonus_line_id is not null as is_computed,
        unmoved.bonus_line_id is not null as is_moved
    from {{ ref('bonus_line__adjustment') }} as line
    inner join {{ ref('bonus_correction') }} as correction
        on line.adjusts_bonus_line_id = correction.bonus_line_id
    left join computed
        on correction.bonus_line_id = computed.bonus_line_id
    left join {{ ref('bonus_unmoved') }} as unmoved
        on correction.bonus_line_id = unmoved.bonus_line_id
),

moved as (
    select * from adjustment
    where is_moved and ranking_correction <> 'adjusted'
),

-- SS-02, SS-03, SS-05: what a share of a base rests on, as bonus_line__scored takes it.
paid_base as (
    select * from {{ ref('bonus_scored_base') }}
),

base_of_due as (
    select distinct
        agent_id,
        period_id,
        component_id,
        segment_no
    from paid_base
),

plan_item as (
    select
        computed.*,
        computed.agent_id || ':' || computed.period_id || ':' || computed.scheme_id as plan_key
    from computed
    inner join {{ ref('policy_component') }} as component
        on
            computed.component_id = component.component_id
            and computed.period_id = component.period_id
    where component.mechanism = 'points' and component.basis not in ('no_pay', 'floor')
),

plan_with_items as (
    select distinct
        agent_id,
        period_id,
        plan_key
    from plan_item
),

unpaid as (
    select
        unpaid.*,
        bonus.bonus_id,
        bonus.line_count + row_number() over (
            partition by bonus.bonus_id order by unpaid.component_id asc nulls last, unpaid.segment_no asc nulls last
        ) as unpaid_order
    from {{ ref('bonus_unpaid') }} as unpaid
    inner join {{ ref('bonus') }} as bonus
        on
            unpaid.agent_id = bonus.agent_id
            and unpaid.period_id = bonus.period_id
    left join {{ ref('dim_settled_period') }} as settled
        on unpaid.period_id = settled.period_id
    where settled.period_id is null
),

bonus as (
    select * from {{ ref('bonus') }}
)

select
    {{ node(
        node_key="'bonus:' || bonus_id", kind="'bonus'", operation="'sum'", label="'bonus ' || period_id",
        label_zh="period_id || ' 奖金'", unit="'cny'", cell=['bonus', 'amount_cny', 'bonus']
    ) }}
from bonus
union all
select
    {{ uses(node_key='line_key', parent_key="'bonus:' || bonus_id", operand="'term'", position='line_no') }}
from bonus_line
union all
select
    {{ node(
        node_key="'unpaid:' || " ~ key_of('bonus_unpaid', 'unpaid'), parent_key="'bonus:' || bonus_id",
        operand="'unpaid'", position='unpaid_order', kind="'unpaid'", label='label_en', label_zh='label_zh',
        value='0', text_value='reason', unit="'cny'", reason='reason_en', reason_zh='reason_zh', clause_id='clause_id',
        cell=['bonus_unpaid', 'reason', 'unpaid']
    ) }}
from unpaid
union all
select
    {{ uses(
        node_key='because_key', parent_key="'unpaid:' || " ~ key_of('bonus_unpaid', 'unpaid'), operand="'because'",
        position=1
    ) }}
from unpaid
where because_key is not null
union all
select
    {{ node(
        node_key="'not_paid:' || " ~ key_of('bonus_unpaid', 'unpaid'),
        parent_key="'unpaid:' || " ~ key_of('bonus_unpaid', 'unpaid'), operand="'not_paid'", position=2,
        kind="'rate'", operation="'same'", label="'stated by the plan'", label_zh="'制度规定金额'", unit="'cny'",
        cell=['bonus_unpaid', 'not_paid_cny', 'unpaid']
    ) }}
from unpaid
where not_paid_cny is not null
union all
select
    {{ uses(
        node_key='not_paid_key', parent_key="'not_paid:' || " ~ key_of('bonus_unpaid', 'unpaid'), operand="'term'",
        position=1
    ) }}
from unpaid
where not_paid_cny is not null
union all
select
    {{ node(
        node_key="'line:' || bonus_line_id", kind="'line'",
        operation="case when absorbs_cents then 'difference' when has_segments then 'sum' else 'product' end",
        label='line_label', label_zh='line_label_zh', value='amount_cny', unit="'cny'", decimals=2,
        clause_id='clause_id', value_origin='value_origin',
        input_model="case when is_paid then 'bonus_line' else 'bonus_line_computed' end", input_key='bonus_line_id',
        input_column="'amount_cny'"
    ) }}
from computed
union all
select
    {{ node(
        node_key="'part:' || bonus_line_id", parent_key="case when not absorbs_cents then 'line:' || bonus_line_id end",
        operand="case when not absorbs_cents then 'term' end", position=1, kind="'line'", operation="'product'",
        label="'unrounded, segment ' || cast(segment_no as string)", label_zh="'未取整'", unit="'cny'", is_exact='true'
    ) }}
from in_segments
union all
select
    {{ node(
        node_key="'whole:' || item_key", parent_key="'line:' || bonus_line_id", operand="'minuend'", position=1,
        kind="'line'", operation="'sum'", label="'all segments together'", label_zh="'各时段合计'", unit="'cny'",
        decimals=2, clause_id="'S-PRORATE'"
    ) }}
from in_segments
where absorbs_cents
union all
select
    {{ uses(
        node_key="'part:' || bonus_line_id", parent_key="'whole:' || item_key", operand="'term'", position='segment_no'
    ) }}
from in_segments
union all
select
    {{ uses(
        node_key="'line:' || other.bonus_line_id", parent_key="'line:' || last.bonus_line_id", operand="'subtrahend'",
        position='other.segment_no + 1', agent_id='last.agent_id'
    ) }}
from in_segments as last
inner join in_segments as other
    on last.item_key = other.item_key
where last.absorbs_cents and not other.absorbs_cents
union all
select
    {{ node(
        node_key="'quantity:line:' || bonus_line_id", parent_key='product_key', operand="'factor'", position=1,
        kind="'quantity'", operation="'same'", label="'quantity'", label_zh="'数量'", unit='quantity_unit', decimals=6,
        cell=['bonus_line_computed', 'quantity', 'computed']
    ) }}
from computed
union all
select
    {{ node(
        node_key="'rate:line:' || bonus_line_id", parent_key='product_key', operand="'factor'", position=2,
        kind="'rate'", operation="case when has_rate then 'same' end", label="'rate'", label_zh="'费率'",
        unit="'factor'", decimals=8, cell=['bonus_line_computed', 'rate', 'rated']
    ) }}
from rated
{% for column, operand, label, label_zh in [
    ('day_count', 'days', 'days', '天数'), ('period_day_count', 'of_days', 'days of the period', '期间天数')
] %}
union all
select
    {{ node(
        node_key="'" ~ column ~ ":line:' || bonus_line_id", parent_key='product_key', operand="'" ~ operand ~ "'",
        position=loop.index + 2, kind="'days'", label="'" ~ label ~ "'", label_zh="'" ~ label_zh ~ "'", unit="'days'",
        clause_id="'S-PRORATE'", cell=['bonus_line_computed', column, 'prorated']
    ) }}
from prorated
{% endfor %}
union all
select
    {% for name, type in node_fields().items() %}
    cast({% if name == 'node_key' %}own_node_key{% elif name == 'parent_key' %}parent_node_key
        {%- elif name == 'operand' %}own_operand
        {%- elif name in ['agent_id', 'period_id'] %}{{ name }}
        {%- else %}stated_node.{{ name }}{% endif %} as {{ type }}) as {{ name }}{% if not loop.last %},{% endif %}
    {% endfor %}
from below_line
union all
select
    {{ node(
        node_key="'settled:' || bonus_line_id", kind="'settled'", label='line_label', label_zh='line_label_zh',
        unit="'cny'", clause_id='clause_id', value_origin='value_origin',
        cell=['fct_settled_line', 'amount_cny', 'settled_line']
    ) }}
from settled_line
union all
select
    {{ uses(
        node_key="'line:' || bonus_line_id", parent_key="'settled:' || bonus_line_id", operand="'today'", position=1
    ) }}
from settled_line
where is_computed
union all
select
    {{ node(
        node_key="'adjustment:' || bonus_line_id", kind="'adjustment'", operation="'difference'", label='line_label',
        label_zh='line_label_zh', unit="'cny'", decimals=2, clause_id="'PR-04'",
        cell=['bonus_line', 'amount_cny', 'adjustment']
    ) }}
from adjustment
union all
select
    {{ uses(
        node_key="'line:' || corrected_line_id", parent_key="'adjustment:' || bonus_line_id", operand="'minuend'",
        position=1
    ) }}
from adjustment
where is_computed
{% for column, label, label_zh in [
    ('settled_cny', 'settled', '已结算'), ('adjusted_cny', 'adjusted before', '此前已调整')
] %}
union all
select
    {{ node(
        node_key="'" ~ column ~ ":' || bonus_line_id", parent_key="'adjustment:' || bonus_line_id",
        operand="'subtrahend'", position=loop.index + 1, kind="'settled'", label="'" ~ label ~ "'",
        label_zh="'" ~ label_zh ~ "'", unit="'cny'",
        cell=['bonus_correction', column, 'adjustment'],
        cell_columns={'bonus_line_id': 'adjustment.corrected_line_id'}
    ) }}
from adjustment
where {{ column }} <> 0
{% endfor %}
union all
select
    {{ node(
        node_key="'withheld:' || bonus_line_id", parent_key="'adjustment:' || bonus_line_id",
        operand="'subtrahend'", position=4, kind="'settled'",
        operation="case when ranking_correction = 'held_harmless' then 'bounded' else 'same' end",
        label="'moved by others, not passed on (' || ranking_correction || ')'", label_zh="'受他人变动影响，不予计入'",
        unit="'cny'"
    ) }}
from moved
union all
select
    {{ node(
        node_key="'moved:' || bonus_line_id", parent_key="'withheld:' || bonus_line_id", operand="'term'",
        position=1, kind="'settled'", operation="'difference'", label="'moved by others'", label_zh="'受他人变动影响'",
        unit="'cny'", cell=['bonus_correction', 'moved_cny', 'moved'],
        cell_columns={'bonus_line_id': 'moved.corrected_line_id'}
    ) }}
from moved
union all
select
    {{ uses(
        node_key="'line:' || corrected_line_id", parent_key="'moved:' || bonus_line_id", operand="'minuend'",
        position=1
    ) }}
from moved
where is_computed
union all
select
    {{ node(
        node_key="'unmoved:' || moved.bonus_line_id", parent_key="'moved:' || moved.bonus_line_id",
        operand="'subtrahend'", position=2, kind="'settled'", label="'had nobody else moved'",
        label_zh="'他人未变动时'", unit="'cny'", agent_id='moved.agent_id', cell=['bonus_unmoved', 'amount_cny', 'unmoved']
    ) }}
from moved
inner join {{ ref('bonus_unmoved') }} as unmoved
    on moved.corrected_line_id = unmoved.bonus_line_id
union all
select
    {{ node(
        node_key="'no_higher:' || bonus_line_id", parent_key="'withheld:' || bonus_line_id", operand="'high'",
        position=2, kind="'constant'", label="'nothing'", label_zh="'零'", unit="'cny'", value='0'
    ) }}
from moved
where ranking_correction = 'held_harmless'
union all
select
    {{ node(
        node_key="'paid_base:' || " ~ key_of('bonus_due', 'base_of_due'), kind="'base'", operation="'sum'",
        label="'base paid'", label_zh="'已付基数'", unit="'cny'", decimals=2
    ) }}
from base_of_due
union all
select
    {{ node(
        node_key="'base_line:' || " ~ key_of('bonus_scored_base', 'paid_base'),
        parent_key="'paid_base:' || " ~ key_of('bonus_due', 'paid_base'), operand="'term'", position='base_order',
        kind="'base'",
        label="base_component_id
            || case when is_whole_month then ' of a whole month, as in ' else ' paid for ' end || base_month_id",
        label_zh="base_month_id || ' 基数'", unit="'cny'",
        value='base_cny', input_model="'bonus_base'",
        input_key=key_of('bonus_base', 'paid_base', {
            'month_id': 'base_month_id', 'component_id': 'base_component_id', 'segment_no': 'base_segment_no'
        }),
        input_column="case when is_whole_month then 'whole_amount_cny' else 'amount_cny' end"
    ) }}
from paid_base
union all
select
    {{ node(
        node_key="'plan_items:' || plan_key", kind="'quantity'", operation="'sum'", label="'items of the plan'",
        label_zh="'方案各项合计'", unit="'cny'", decimals=2
    ) }}
from plan_with_items
union all
select
    {{ uses(
        node_key="'line:' || bonus_line_id", parent_key="'plan_items:' || plan_key", operand="'term'",
        position='line_no'
    ) }}
from plan_item
