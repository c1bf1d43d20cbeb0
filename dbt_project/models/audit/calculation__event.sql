-- Grain: one number that makes up a count of events, or a gate that must be open for it to pay.

with

own_event as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no as due_segment_no,
        due.is_by_segment,
        event.segment_no,
        event.event_kind,
        event.quantity,
        event.is_standing,
        segment.day_count,
        segment.period_day_count
    from {{ ref('bonus_due_days') }} as due
    inner join {{ ref('bonus_event') }} as event
        on
            due.agent_id = event.agent_id
            and due.period_id = event.period_id
            and {{ is_own_day('due', 'event') }}
    inner join {{ ref('dim_agent_period_segment') }} as segment
        on
            event.agent_id = segment.agent_id
            and event.period_id = segment.period_id
            and event.segment_no = segment.segment_no
    where due.mechanism in ('points', 'per_event')
),

tally as (
    select
        tally.*,
        bound.has_bound
    from {{ ref('bonus_tally') }} as tally
    left join (
        select distinct
            component_id,
            period_id,
            true as has_bound
        from {{ ref('policy_component_parameter') }}
        where parameter in ('min_quantity', 'max_quantity')
    ) as bound
        on
            tally.component_id = bound.component_id
            and tally.period_id = bound.period_id
),

tally_line as (
    select
        line.*,
        kind.label_en,
        kind.label_zh,
        kind.unit,
        component.mechanism,
        row_number() over (
            partition by line.agent_id, line.period_id, line.component_id, line.segment_no
            order by line.event_kind asc nulls last
        ) as line_order
    from {{ ref('bonus_tally_line') }} as line
    inner join {{ ref('policy_component') }} as component
        on
            line.component_id = component.component_id
            and line.period_id = component.period_id
    left join {{ ref('policy_event_kind') }} as kind
        on
            line.period_id = kind.period_id
            and line.event_kind = kind.event_kind
),

counted_line as (
    select * from tally_line
    where has_export
),

-- What a kind's quantity is the sum of: the events of the segment, or of all own days.
counted_event as (
    select
        line.agent_id,
        line.period_id,
        line.component_id,
        line.segment_no as due_segment_no,
        own_event.segment_no,
        own_event.event_kind,
        own_event.quantity,
        own_event.day_count,
        own_event.period_day_count,
        own_event.is_standing and not own_event.is_by_segment as is_prorated
    from counted_line as line
    inner join own_event
        on
            line.agent_id = own_event.agent_id
            and line.period_id = own_event.period_id
            and line.component_id = own_event.component_id
            and line.segment_no = own_event.due_segment_no
            and line.event_kind = own_event.event_kind
            and (own_event.due_segment_no = own_event.segment_no or not own_event.is_by_segment)
),

prorated_event as (
    select * from counted_event
    where is_prorated
),

whole_event as (
    select * from counted_event
    where not is_prorated
),

gate_event as (
    select
        gate.agent_id,
        gate.period_id,
        gate.component_id,
        gate.segment_no as due_segment_no,
        gate.event_kind,
        gate.comparison,
        own_event.segment_no,
        own_event.is_standing,
        row_number() over (
            partition by
                gate.agent_id,
                gate.period_id,
                gate.component_id,
                gate.segment_no,
                gate.event_kind,
                gate.comparison
            order by own_event.segment_no asc nulls last
        ) as event_order
    from {{ ref('bonus_gate') }} as gate
    inner join own_event
        on
            gate.agent_id = own_event.agent_id
            and gate.period_id = own_event.period_id
            and gate.component_id = own_event.component_id
            and gate.segment_no = own_event.due_segment_no
            and gate.event_kind = own_event.event_kind
    where gate.status <> 'no_export'
),

gate as (
    select
        gate.*,
        kind.label_en,
        kind.label_zh,
        kind.unit,
        seen.agent_id is not null as has_events,
        row_number() over (
            partition by gate.agent_id, gate.period_id, gate.component_id, gate.segment_no
            order by gate.event_kind asc nulls last, gate.comparison asc nulls last
        ) as gate_order
    from {{ ref('bonus_gate') }} as gate
    left join {{ ref('policy_event_kind') }} as kind
        on
            gate.period_id = kind.period_id
            and gate.event_kind = kind.event_kind
    left join gate_event as seen
        on
            gate.agent_id = seen.agent_id
            and gate.period_id = seen.period_id
            and gate.component_id = seen.component_id
            and gate.segment_no = seen.due_segment_no
            and gate.event_kind = seen.event_kind
            and gate.comparison = seen.comparison
            and seen.event_order = 1
),

seen_gate as (
    select * from gate
    where has_events
),

event as (
    select
        event.*,
        kind.label_en,
        kind.label_zh,
        kind.unit
    from {{ ref('bonus_event') }} as event
    left join {{ ref('policy_event_kind') }} as kind
        on
            event.period_id = kind.period_id
            and event.event_kind = kind.event_kind
),

-- PT-07: what rests on ratings is the mean of each month's.
rated as (
    select
        event.*,
        rating.period_id as month_id,
        rating.dimension
    from {{ ref('bonus_event') }} as event
    inner join {{ ref('dim_period_month') }} as period_month
        on event.period_id = period_month.period_id
    inner join {{ ref('score_rating') }} as rating
        on
            event.agent_id = rating.agent_id
            and period_month.month_id = rating.period_id
            and rating.dimension = 'execution'
    where event.input_model = 'score_rating'
)
{% set tally_key = "'tally:' || " ~ key_of('bonus_tally', 'tally') %}
{% set counted_key = "'counted:' || " ~ key_of('bonus_tally', 'tally') %}
{% set line_key = key_of('bonus_tally_line', 'tally_line') %}
{% set counted_line_key = key_of('bonus_tally_line', 'counted_line') %}
{% set gate_key = "'gate:' || " ~ key_of('bonus_gate', 'gate') %}
{% set seen_gate_key = key_of('bonus_gate', 'seen_gate') %}
{% set weight_row = key_of('policy_component_event', 'counted_line', {'use': "'weight'", 'comparison': "''"}) %}

select
    {{ node(
        node_key="'event:' || " ~ key_of('bonus_event', 'event'), kind="'event'", label='label_en', label_zh='label_zh',
        unit='unit', operation="case when input_model = 'score_rating' then 'sum' end", decimals=6,
        cell=['bonus_event', 'quantity', 'event']
    ) }}
from event
union all
select
    {{ uses(
        node_key="'rating:' || " ~ key_of('score_rating', 'rated', {'period_id': 'rated.month_id'}),
        parent_key="'event:' || " ~ key_of('bonus_event', 'rated'), operand="'term'", position=1
    ) }}
from rated
union all
select
    {{ node(
        node_key=tally_key, kind="'tally'", operation="'choice'",
        label="case status when 'not_met' then 'counts that pay (a limit is not kept)'
            when 'no_export' then 'counts that pay (an export never came)' else 'counts that pay' end",
        label_zh="'计付数量'", unit="'count'",
        reason="case when status <> 'counted' then status end",
        reason_zh="case status when 'not_met' then '条件未满足' when 'no_export' then '从未收到所需导出' end",
        cell=['bonus_tally', 'quantity', 'tally']
    ) }}
from tally
union all
select
    {{ node(
        node_key="'has_export:' || " ~ key_of('bonus_tally', 'tally'), parent_key=tally_key, operand="'condition'",
        position=1, kind="'condition'", label="'what is counted has an export'", label_zh="'所需导出齐备'", value='0',
        reason="'no_export'", reason_zh="'从未收到所需导出'", clause_id="'S-EXPORT'", input_model="'bonus_tally'",
        input_key=key_of('bonus_tally', 'tally'), input_column="'has_known_count'"
    ) }}
from tally
where not has_known_count
union all
select
    {{ node(
        node_key="'bounded:' || " ~ key_of('bonus_tally', 'tally'), parent_key=tally_key, operand="'if_met'",
        position=9, kind="'tally'", operation="'bounded'", label="'within its bounds'", label_zh="'上下限内'",
        unit="'count'"
    ) }}
from tally
where has_bound
union all
select
    {{ node(
        node_key=counted_key, parent_key="case when has_bound then 'bounded:' || " ~ key_of('bonus_tally', 'tally')
            ~ " else " ~ tally_key ~ " end",
        operand="case when has_bound then 'term' else 'if_met' end", position=10,
        kind="'tally'", operation="'sum'", label="'counted'", label_zh="'计数'", unit="'count'", decimals=6,
        cell=['bonus_tally', 'counted_quantity', 'tally']
    ) }}
from tally
{% for parameter, operand in [('min_quantity', 'low'), ('max_quantity', 'high')] %}
union all
select
    {{ uses(
        node_key="'parameter:' || " ~ key_of('policy_component_parameter', 'bound'),
        parent_key="'bounded:' || " ~ key_of('bonus_tally', 'tally'), operand="'" ~ operand ~ "'",
        position=loop.index + 1, agent_id='tally.agent_id'
    ) }}
from tally
inner join {{ ref('policy_component_parameter') }} as bound
    on
        tally.component_id = bound.component_id
        and tally.period_id = bound.period_id
        and bound.parameter = '{{ parameter }}'
{% endfor %}
union all
select
    {{ node(
        node_key="'tally_line:' || " ~ line_key,
        parent_key="'counted:' || " ~ key_of('bonus_tally', 'tally_line'),
        operand="case when has_export then 'term' else 'unknown' end", position='line_order', kind="'tally'",
        operation="case when has_export then 'product' end", label='label_en', label_zh='label_zh',
        unit="'count'", clause_id='clause_id', value_origin='value_origin',
        reason="case when not has_export then 'no_export' end",
        reason_zh="case when not has_export then '从未收到所需导出' end", cell=['bonus_tally_line', 'quantity', 'tally_line']
    ) }}
from tally_line
union all
select
    {{ node(
        node_key="'event_quantity:' || " ~ counted_line_key, parent_key="'tally_line:' || " ~ counted_line_key,
        operand="'factor'", position=1, kind="'event'", operation="'sum'", label='label_en', label_zh='label_zh',
        unit='unit', decimals=6, cell=['bonus_tally_line', 'event_quantity', 'counted_line']
    ) }}
from counted_line
union all
select
    {{ uses(
        node_key="'weight:' || " ~ weight_row, parent_key="'tally_line:' || " ~ counted_line_key, operand="'factor'",
        position=2
    ) }}
from counted_line
where mechanism = 'points'
union all
select
    {{ uses(
        node_key="'event:' || " ~ key_of('bonus_event', 'whole_event'),
        parent_key="'event_quantity:' || "
        ~ key_of('bonus_tally_line', 'whole_event', {'segment_no': 'whole_event.due_segment_no'}), operand="'term'",
        position='segment_no'
    ) }}
from whole_event
{% set prorated_key = key_of('bonus_tally_line', 'prorated_event', {'segment_no': 'prorated_event.due_segment_no'})
    ~ " || ':' || cast(prorated_event.segment_no as string)" %}
union all
select
    {{ node(
        node_key="'event_days:' || " ~ prorated_key,
        parent_key="'event_quantity:' || "
        ~ key_of('bonus_tally_line', 'prorated_event', {'segment_no': 'prorated_event.due_segment_no'}),
        operand="'term'", position='segment_no', kind="'event'", operation="'product'",
        label="'by days of the segment'", label_zh="'按天折算'", unit="'count'", decimals=6, clause_id="'S-PRORATE'"
    ) }}
from prorated_event
union all
select
    {{ uses(
        node_key="'event:' || " ~ key_of('bonus_event', 'prorated_event'),
        parent_key="'event_days:' || " ~ prorated_key, operand="'factor'", position=1
    ) }}
from prorated_event
{% for column, operand, label, label_zh in [
    ('day_count', 'days', 'days', '天数'), ('period_day_count', 'of_days', 'days of the period', '期间天数')
] %}
union all
select
    {{ node(
        node_key="'" ~ column ~ ":' || " ~ prorated_key, parent_key="'event_days:' || " ~ prorated_key,
        operand="'" ~ operand ~ "'", position=loop.index + 1, kind="'days'", label="'" ~ label ~ "'",
        label_zh="'" ~ label_zh ~ "'", unit="'days'", cell=['dim_agent_period_segment', column, 'prorated_event']
    ) }}
from prorated_event
{% endfor %}
union all
select
    {{ node(
        node_key=gate_key, parent_key="'tally:' || " ~ key_of('bonus_tally', 'gate'), operand="'condition'",
        position='gate_order + 1', kind="'gate'", operation="case when has_events then 'compare' end",
        label="label_en || case when is_open then ' (limit kept)' else ' (limit not kept: counts 0)' end",
        label_zh="label_zh || case when is_open then '（条件满足）' else '（条件未满足，计 0）' end",
        value='case when is_open then 1 else 0 end', text_value='comparison', clause_id='clause_id',
        value_origin='value_origin',
        reason="case when status = 'no_export' then 'no_export' when not has_events then 'no_cases' end",
        reason_zh="case when status = 'no_export' then '从未收到所需导出' when not has_events then '无记录' end",
        input_model="'bonus_gate'", input_key=key_of('bonus_gate', 'gate'), input_column="'is_open'"
    ) }}
from gate
union all
select
    {{ node(
        node_key="'gate_quantity:' || " ~ seen_gate_key, parent_key="'gate:' || " ~ seen_gate_key, operand="'left'",
        position=1, kind="'event'", operation="'sum'", label='label_en', label_zh='label_zh', unit='unit',
        cell=['bonus_gate', 'event_quantity', 'seen_gate']
    ) }}
from seen_gate
union all
select
    {{ uses(
        node_key="'threshold_value:' || " ~ key_of('policy_component_event', 'gate', {'use': "'gate'"}),
        parent_key=gate_key, operand="case when has_events then 'right' else 'limit' end", position=2
    ) }}
from gate
union all
select
    {{ uses(
        node_key="'event:' || " ~ key_of('bonus_event', 'gate_event'),
        parent_key="'gate_quantity:' || "
        ~ key_of('bonus_gate', 'gate_event', {'segment_no': 'gate_event.due_segment_no'}), operand="'term'",
        position='event_order'
    ) }}
from gate_event
where event_order = 1 or not is_standing
