{# How the calculation states its own arithmetic. A node is one number (or word): what it is (kind), how it follows from
   its operands (operation; none of a leaf), where it stands in a published relation (input). Nodes are rows of the
   relations calculation__*, or travel in the column `nodes` of the line that they explain. #}

{% macro node_fields() %}
    {{ return({
        'node_key': 'string',
        'agent_id': 'string',
        'period_id': 'string',
        'parent_key': 'string',
        'operand': 'string',
        'position': 'bigint',
        'kind': 'string',
        'operation': 'string',
        'label': 'string',
        'label_zh': 'string',
        'value': 'decimal(38, 12)',
        'text_value': 'string',
        'unit': 'string',
        'decimals': 'bigint',
        'is_exact': 'boolean',
        'table_key': 'string',
        'row_key': 'string',
        'band_side': 'string',
        'chosen_key': 'string',
        'reason': 'string',
        'reason_zh': 'string',
        'effective_from_on': 'date',
        'clause_id': 'string',
        'value_origin': 'string',
        'input_model': 'string',
        'input_key': 'string',
        'input_column': 'string',
    }) }}
{% endmacro %}

{# The key of a row of a model as one text: its config.meta.key, joined. `columns` says other expressions by column. #}
{% macro key_of(model, alias, columns={}) -%}
    {#- dbt's unit tests run without a graph: there a key is an empty text. -#}
    {%- if execute and graph.nodes is defined -%}
        {%- set found = graph.nodes['model.' ~ project_name ~ '.' ~ model] -%}
        {%- for column in found.config.meta.key -%}
            coalesce(cast({{ columns.get(column, alias ~ '.' ~ column) }} as string), '')
            {%- if not loop.last %} || ':' || {% endif -%}
        {%- endfor -%}
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}

{# The given fields of a node with what `cell` ([model, column, alias]) and `cell_columns` (see key_of) say. #}
{% macro _node_values(given) %}
    {%- set values = {} -%}
    {%- if 'cell' in given -%}
        {%- set model, column, alias = given.cell -%}
        {%- do values.update({
            'input_model': "'" ~ model ~ "'",
            'input_column': "'" ~ column ~ "'",
            'input_key': key_of(model, alias, given.get('cell_columns', {})),
        }) -%}
        {%- if 'text_value' not in given -%}
            {%- do values.update({'value': alias ~ '.' ~ column}) -%}
        {%- endif -%}
    {%- endif -%}
    {%- for name, value in given.items() if name not in ['cell', 'cell_columns'] -%}
        {%- do values.update({name: value}) -%}
    {%- endfor -%}
    {%- for name in values if name not in node_fields() -%}
        {{ exceptions.raise_compiler_error('a node has no field ' ~ name) }}
    {%- endfor -%}
    {{ return(values) }}
{% endmacro %}

{# A node as columns of a select. It is of the agent and period of the row unless said: `agent_id='null'` of nobody's
   own; `agent_id='line.agent_id'` of the period that stands beside. What is nobody's own has no period either, also
   where a row alone says so: a team's place among others that are agents'. #}
{% macro node() %}
    {%- set agent_id = kwargs.get('agent_id', 'agent_id') -%}
    {%- set period_id = agent_id | replace('agent_id', 'period_id') -%}
    {%- if agent_id != 'null' -%}
        {%- set period_id = 'case when ' ~ agent_id ~ ' is not null then ' ~ period_id ~ ' end' -%}
    {%- endif -%}
    {%- set values = {'agent_id': agent_id, 'period_id': period_id} -%}
    {%- do values.update(_node_values(kwargs)) -%}
    {%- for name, type in node_fields().items() %}
        cast({{ values.get(name, 'null') }} as {{ type }}) as {{ name }}
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
{% endmacro %}

{# A node stated elsewhere, as an operand here. #}
{% macro uses() %}{{ node(**kwargs) }}{% endmacro %}

{# The nodes of one line as one column: a list of line_node() and line_uses(); who reads it leaves out empty ones. #}
{% macro line_nodes(nodes) %}{{ return(adapter.dispatch('line_nodes')(nodes)) }}{% endmacro %}
{% macro default__line_nodes(nodes) %}list_value({{ nodes | join(', ') }}){% endmacro %}
{% macro spark__line_nodes(nodes) %}array({{ nodes | join(', ') }}){% endmacro %}

{# The fields of a node below a line: it is of the line's agent and period. #}
{% macro line_node_fields() %}
    {%- set fields = node_fields() -%}
    {%- do fields.pop('agent_id') -%}
    {%- do fields.pop('period_id') -%}
    {{ return(fields) }}
{% endmacro %}

{# A node below a line. Its keys are relative to the line: parent '' is the line itself. #}
{% macro line_node() %}
    {%- set values = _node_values(kwargs) -%}
    {{ node_struct(values) }}
{% endmacro %}

{# A node stated elsewhere, as an operand below a line: node_key is whole, parent_key relative. #}
{% macro line_uses() %}{{ node_struct(_node_values(kwargs)) }}{% endmacro %}

{# The same where a condition holds. #}
{% macro line_node_if(condition, node) %}case when {{ condition }} then {{ node }} end{% endmacro %}

{% macro node_struct(values) %}{{ return(adapter.dispatch('node_struct')(values)) }}{% endmacro %}
{% macro default__node_struct(values) %}
    {{ '{' }}
        {%- for name, type in line_node_fields().items() %}
        '{{ name }}': cast({{ values.get(name, 'null') }} as {{ type }}){% if not loop.last %},{% endif %}
        {%- endfor %}
    {{ '}' }}
{%- endmacro %}
{% macro spark__node_struct(values) %}
    named_struct(
        {%- for name, type in line_node_fields().items() %}
        '{{ name }}', cast({{ values.get(name, 'null') }} as {{ type }}){% if not loop.last %},{% endif %}
        {%- endfor %}
    )
{%- endmacro %}

{# A row for each element of a list column. #}
{% macro exploded(column) %}{{ return(adapter.dispatch('exploded')(column)) }}{% endmacro %}
{% macro default__exploded(column) %}unnest({{ column }}){% endmacro %}
{% macro spark__exploded(column) %}explode({{ column }}){% endmacro %}

{# Which table of a component's rates: those that state a rate, or those that state an amount. #}
{% macro rate_table(alias, what, component='component_id') -%}
    'rates:' || {{ alias }}.period_id || ':' || {{ alias }}.{{ component }} || ':{{ what }}'
{%- endmacro %}

{# The row of a rate table that applies by key and band, with what it is looked up by: the nodes of a quantity or rate.
   `row` is the row that the line took. #}
{% macro looked_up(name, what, due, row, label, label_zh, position=1) %}
    {{ return([
        line_node(
            node_key="'" ~ name ~ "'", parent_key="''", operand="'" ~ name ~ "'", position=position, kind="'rate'",
            operation="'row'", label=label, label_zh=label_zh, unit="'cny'" if what == 'amount' else "'factor'",
            value=row ~ ('.amount_cny' if what == 'amount' else '.rate'), table_key=rate_table(due, what),
            chosen_key=key_of('policy_component_rate', row), clause_id=row ~ '.clause_id',
            value_origin=row ~ '.value_origin'
        ),
        line_node_if(due ~ ".rate_key <> ''", line_node(
            node_key="'" ~ name ~ "_key'", parent_key="'" ~ name ~ "'", operand="'key'", position=1, kind="'key'",
            label="'key'", label_zh="'档位'", text_value=due ~ '.rate_key', cell=['bonus_due', 'rate_key', due]
        )),
        line_node_if(due ~ '.band_value <> 0', line_node(
            node_key="'" ~ name ~ "_number'", parent_key="'" ~ name ~ "'", operand="'number'", position=2,
            kind="'key'", label="'number looked up'", label_zh="'查表数值'", unit="'number'",
            cell=['bonus_due', 'band_value', due]
        )),
    ]) }}
{% endmacro %}

{# Levels of a tree under a bonus beyond which something rests on itself. #}
{% macro deepest_tree() %}{{ return(64) }}{% endmacro %}

{# Between the steps of a recursion: rows that were there before are not followed again. Where an engine has no such
   union, paths are followed one by one: the same rows, more often. #}
{% macro each_once() %}{{ return(adapter.dispatch('each_once')()) }}{% endmacro %}
{% macro default__each_once() %}union{% endmacro %}
{% macro spark__each_once() %}union all{% endmacro %}
