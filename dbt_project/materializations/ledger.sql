{# A warehouse that is kept from night to night, brought up to date by what changed.

   `build.change` says, model by model, in which months of which column there are rows that are no longer what they were;
   `build.built` says up to where each model has read it, and by which code it was built. A model asks for the changes of
   the relations that it reads since then: none, and it stands as it is; some, and it is built again and compared with
   what stood, row by row, so that a change that comes to nothing ends there. Change and data are written in one
   transaction: after a kill the next night goes on from there.

   A model says in config.meta, if anything:
     changes     the columns by whose months its own changes are told to others: dates, months or periods; {value: column}
                 for one range of the values, whatever the months. That by which it is published in parts is always
                 one. Without any a change is of everything.
     is_compared false: what is built as a whole is taken for changed, for what nobody else is built from.
     month       the column by whose months it is built again. Without it the whole model is.
     touched_by  what it reads → the columns of that relation's changes whose months are the months of its own rows that
                 may differ, or `all` of them. What is read and not named touches everything.
                   {window: column}  months from the longest window of a KPI before to the change;
                   {by: column, between: columns, of: relation, month: column}  months of the relation's rows with an
                   instant in the range of the change, for what is known only once the cut has passed it;
                   {key: columns}  no months: the rows whose key the new files have. #}

{% macro is_kept() %}{{ return(env_var('MERITLINE_WAREHOUSE_IS', 'new') == 'kept') }}{% endmacro %}

{# The month of a date, month or period, as the ledger writes it: text in the order of time; '' of an empty one. #}
{% macro ledger_month(column) %}coalesce(substr(cast({{ column }} as varchar), 1, 7), ''){% endmacro %}

{# Bring `relation` to what `query` says, doing no more than the ledger asks for. An input is read each time; `said` is its
   code, where the query names a place. #}
{% macro bring_up_to_date(relation, query, is_input=false, said=none) %}
    {%- set code = local_md5((said or query) ~ tojson(config.get('meta') or {}, sort_keys=true)) -%}
    {%- set plan = ledger_plan(relation, code, is_input) -%}
    {%- if plan.kind == 'nothing' -%}
        {%- do store_result('main', response='UNCHANGED', agate_table=none) -%}
    {%- else -%}
        {%- if plan.kind == 'new' -%}
            {%- set statements = [forget_relation(relation)] + table_made(relation, query) + [
                ledger_note(plan.seq, is_new=true, rows='(select count(*) from ' ~ relation ~ ')'),
            ] -%}
        {%- elif plan.kind == 'whole' -%}
            {%- set statements = built_whole(relation, query, plan) -%}
        {%- else -%}
            {%- set statements = built_again(relation, query, plan) -%}
        {%- endif -%}
        {%- do statements.append(
            'insert into build.built values (' ~ plan.seq ~ ", '" ~ model.name ~ "', '" ~ code ~ "', '" ~ plan.kind ~ "')"
        ) -%}
        {%- do adapter.ensure_transaction() -%}
        {%- set response, table = adapter.execute(statements | join(';\n'), auto_begin=true, fetch=false) -%}
        {%- do store_result('main', response=response, agate_table=table) -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{% endmacro %}

{# What is to be done: `new`, `whole`, `months` or `keys` with the condition of the rows, or `nothing`; and the number
   under which it is written down, above that of all that it reads. #}
{% macro ledger_plan(relation, code, is_input) %}
    {%- set meta = config.get('meta') or {} -%}
    {%- set rules = meta.get('touched_by') or {} -%}
    {%- set told = [] -%}
    {%- for name, asked in rules.items() -%}
        {%- for one in ([asked] if asked is string or asked is mapping else asked) -%}
            {%- do told.append(ledger_told(name, one)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set statement -%}
with own as (
    select max_by(code, seq) as code, max(seq) as seq from build.built where model = '{{ model.name }}'
),
news as (
    select change.* from build.change cross join own
    where change.seq > own.seq and change.model in (select read from build.reads where model = '{{ model.name }}')
),
told as (
    {{ told | join('\n    union all\n    ') if told else "select '' as condition where false" }}
)
select
    {{ ledger_next() }} as seq,
    case
        when own.seq is null or {{ 'true' if load_cached_relation(this) is none else 'false' }} then 'new'
        when own.code <> '{{ code }}' then 'new'
        {% if not config.get('contract').enforced -%}
        -- Its columns may have other types with those of what it reads.
        when exists (select 1 from news where column_name = '' and from_value = 'new') then 'new'
        {% endif -%}
        when {{ 'true' if is_input else 'false' }} then 'whole'
        when not exists (select 1 from news) then 'nothing'
        {% if site_kpi_models() -%}
        -- What a site's own KPI dates its rows by, and how far it looks, no rule says.
        when exists (
            select 1 from build.reads where model = '{{ model.name }}' and read in ({{ quoted_names(site_kpi_models()) }})
        ) then 'whole'
        {% endif -%}
        when exists (
            select 1 from news where column_name = '' or model not in ({{ quoted_names(rules.keys()) }})
        ) then 'whole'
        when not exists (select 1 from told) then 'nothing'
        else '{{ 'months' if meta.get('month') else 'keys' }}'
    end as kind,
    (select 'if: ' || string_agg(distinct condition, ' or ') from told) as condition
from own
    {%- endset -%}
    {%- set response, found = adapter.execute(statement, auto_begin=false, fetch=true) -%}
    {%- set row = found.rows[0] -%}
    {{ return({'seq': row[0] | int, 'kind': row[1], 'condition': (row[2] or 'if: ')[4:]}) }}
{% endmacro %}

{# A query for the conditions that one rule gives on the rows of the model. #}
{% macro ledger_told(name, asked) %}
    {%- set month = ledger_month(config.get('meta').get('month') or 'null') | replace("'", "''") -%}
    {%- if asked is mapping and asked.key -%}
        {{ return("select from_value as condition from news where model = '" ~ name ~ "' and column_name = 'file'") }}
    {%- endif -%}
    {%- set column = asked if asked is string else (asked.window or asked.by) -%}
    {%- set found = "news where model = '" ~ name ~ "' and column_name "
        ~ ("<> ''" if column == 'all' else "= '" ~ column ~ "'") -%}
    {%- if asked is mapping and asked.between -%}
        {%- set passed = [] -%}
        {%- for instant in asked.between -%}
            {%- do passed.append(
                '(' ~ instant ~ ' >= passed.from_at and ' ~ instant ~ ' <= passed.to_at)'
            ) -%}
        {%- endfor -%}
        {{ return(
            "select distinct '" ~ month ~ " = ''' || " ~ ledger_month(asked.month) ~ " || '''' as condition from "
            ~ relation_named(asked.of) ~ ' cross join (select min(cast(from_value as timestamp)) as from_at, '
            ~ 'max(cast(to_value as timestamp)) as to_at from ' ~ found ~ ') as passed where ' ~ passed | join(' or ')
        ) }}
    {%- endif -%}
    {%- set from_month = 'substr(from_value, 1, 7)' -%}
    {%- if asked is mapping and asked.window -%}
        {#- A day more, for a night on which clocks are changed. -#}
        {%- set from_month = "coalesce(substr(cast(try_cast(substr(from_value, 1, 10) || case when length(from_value) = 7"
            ~ " then '-01' else '' end as date) - cast((select coalesce(max(window_days), 0) + 1 from " ~ relation_named('kpi')
            ~ ") as integer) as varchar), 1, 7), '')" -%}
    {%- endif -%}
    {{ return(
        "select '" ~ month ~ " between ''' || " ~ from_month ~ " || ''' and ''' || substr(to_value, 1, 7) || '''' "
        ~ 'as condition from ' ~ found
    ) }}
{% endmacro %}

{# Build everything beside what stands, tell the difference, take its place. #}
{% macro built_whole(relation, query, plan) %}
    {%- set next = relation.incorporate(path={'identifier': relation.identifier ~ '__next'}) -%}
    {{ return(['drop table if exists ' ~ next] + table_made(next, query) + [
        ledger_difference(next, relation, 'true', plan.seq) if (config.get('meta') or {}).get('is_compared', true)
        else ledger_note(plan.seq, rows='(select count(*) from ' ~ next ~ ')'),
        'drop table ' ~ relation,
        'alter table ' ~ next ~ ' rename to ' ~ relation.identifier,
    ]) }}
{% endmacro %}

{# Build the rows of some months or keys, tell the difference, put them in place of those that stood. #}
{% macro built_again(relation, query, plan) %}
    {%- set rows = relation.identifier ~ '__rows' -%}
    {%- set meta = config.get('meta') -%}
    {%- set statements = [] -%}
    {%- set marker = modules.re.compile('/\\* touched (\\S+) \\*/ true') -%}
    {%- if plan.kind == 'keys' -%}
        {%- set keys = relation.identifier ~ '__keys' -%}
        {%- set files = "['" ~ plan.condition | replace(' or ', "', '") ~ "']" -%}
        {%- set key = meta.touched_by.values() | map(attribute='key') | first -%}
        {%- do statements.append('create or replace temp table ' ~ keys ~ ' as select distinct ' ~ key | join(', ')
            ~ ' from read_parquet(' ~ files ~ ', union_by_name = true)') -%}
        {%- set condition = '(' ~ key | join(', ') ~ ') in (select (' ~ key | join(', ') ~ ') from ' ~ keys ~ ')' -%}
        {%- set marked = marker.sub(condition, query) -%}
        {%- set replaced = condition -%}
    {%- else -%}
        {%- set condition = '(' ~ plan.condition ~ ')' -%}
        {%- set own = ledger_month(meta.month) -%}
        {%- set marked = query -%}
        {%- for column in marker.findall(query) -%}
            {%- set marked = marked | replace(is_touched(column), condition | replace(own, ledger_month(column))) -%}
        {%- endfor -%}
        {%- set replaced = own ~ " in (select substr(from_value, 1, 7) from build.change where model = '" ~ model.name
            ~ "' and column_name = '" ~ meta.month ~ "' and seq = " ~ plan.seq ~ ')' -%}
    {%- endif -%}
    {%- do statements.extend([
        'create or replace temp table ' ~ rows ~ ' as select * from (\n' ~ marked ~ '\n) as model_rows where ' ~ condition,
        ledger_difference(rows, relation, condition, plan.seq),
        'delete from ' ~ relation ~ ' where ' ~ replaced,
        'insert into ' ~ relation ~ ' select * from ' ~ rows ~ ' where ' ~ replaced,
        'drop table ' ~ rows,
    ]) -%}
    {{ return(statements) }}
{% endmacro %}

{# Write down which rows of `relation` that hold `condition` are not those of `next`, by the model's `changes`. #}
{% macro ledger_difference(next, relation, condition, seq) %}
    {%- set notes = [] -%}
    {%- for told in changes_of(config.get('meta') or {}) -%}
        {%- do notes.append('select ' ~ seq ~ ", '" ~ model.name ~ "', '" ~ told.name ~ "', " ~ told.span
            ~ ', count(*) from difference ' ~ told.grouped) -%}
    {%- endfor -%}
    {%- if not notes -%}
        {%- do notes.append('select ' ~ seq ~ ", '" ~ model.name ~ "', '', '', '~', count(*) from difference having count(*) > 0") -%}
    {%- endif -%}
insert into build.change
with difference as materialized (
    select * exclude (_sign)
    from (
        select *, 1 as _sign from {{ next }}
        union all by name
        select *, -1 as _sign from {{ relation }} where {{ condition }}
    ) as both_states
    group by all
    having sum(_sign) <> 0
)
{{ notes | join('\nunion all\n') }}
{% endmacro %}

{# Tell that everything may have changed; of a `new` relation also its columns. #}
{% macro ledger_note(seq, is_new=false, rows='0') -%}
insert into build.change select {{ seq }}, '{{ model.name }}', '', '{{ 'new' if is_new }}', '~', {{ rows }}
{%- endmacro %}

{# The changes that a model's meta names, each with the SQL of its span and grouping. #}
{% macro changes_of(meta) %}
    {%- set found = [] -%}
    {%- set columns = (meta.get('changes') or []) | list -%}
    {%- if meta.get('part_by') and meta.part_by not in columns -%}
        {%- do columns.append(meta.part_by) -%}
    {%- endif -%}
    {%- for one in columns -%}
        {%- if one is mapping -%}
            {%- set value = 'cast(' ~ one.value ~ ' as varchar)' -%}
            {%- do found.append({'name': one.value, 'span': 'min(' ~ value ~ '), max(' ~ value ~ ')', 'grouped': 'having count(*) > 0'}) -%}
        {%- else -%}
            {%- set value = "coalesce(cast(" ~ one ~ " as varchar), '')" -%}
            {%- do found.append(
                {
                    'name': one,
                    'span': 'min(' ~ value ~ '), max(' ~ value ~ ')',
                    'grouped': 'group by ' ~ ledger_month(one),
                }
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro relation_named(name) %}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ('model', 'seed') -%}
        {{ return(node.relation_name) }}
    {%- endfor -%}
{% endmacro %}

{% macro quoted_names(names) %}
    {%- set quoted = [] -%}
    {%- for name in names -%}{%- do quoted.append("'" ~ name ~ "'") -%}{%- endfor -%}
    {{ return(quoted | join(', ') or "''") }}
{% endmacro %}

{# A view is defined again each time: what it reads may have other columns. Only other words of its own are a change. #}
{% macro define_again(definition) %}
    {%- set code = local_md5(definition) -%}
    {%- set is_new = "(select max_by(code, seq) from build.built where model = '" ~ model.name ~ "') is distinct from '"
        ~ code ~ "'" -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set statements = [
        forget_relation(this) if existing is not none and not existing.is_view else 'select 1',
        'create or replace' ~ definition,
        ledger_note(ledger_next(), is_new=true) ~ ' where ' ~ is_new,
        'insert into build.built select ' ~ ledger_next() ~ ", '" ~ model.name ~ "', '" ~ code ~ "', 'new' where " ~ is_new,
    ] -%}
    {%- do adapter.ensure_transaction() -%}
    {%- set response, table = adapter.execute(statements | join(';\n'), auto_begin=true, fetch=false) -%}
    {%- do store_result('main', response=response, agate_table=table) -%}
    {%- do adapter.commit() -%}
{% endmacro %}

{# What stands under a relation's name, be it a table or a view, goes. #}
{% macro forget_relation(relation) -%}
    {%- set existing = load_cached_relation(this) -%}
    drop {{ 'view' if existing is not none and existing.is_view else 'table' }} if exists {{ relation }}
{%- endmacro %}

{# A number above all that is written down. #}
{% macro ledger_next() -%}
(select greatest(coalesce((select max(seq) from build.built), 0), coalesce((select max(seq) from build.change), 0)) + 1)
{%- endmacro %}
