{# How tables, views and seeds come into the warehouse on DuckDB.

   dbt's own materializations build beside an earlier relation, rename twice and drop: eight calls a node. A night brings a
   warehouse up to date that it keeps (ledger.sql). Elsewhere (a developer's `dbt build`, tests) a relation is one statement
   under its final name, and what stands there is replaced in one transaction. What dbt's offer besides (hooks, grants,
   indexes, comments) is not used here and refused rather than left out. #}

{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- do require_plain_model() -%}
    {%- do prove_contract() -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set query = held_to_contract(compiled_code) -%}
    {%- if is_kept() -%}
        {%- do bring_up_to_date(relation, query) -%}
    {%- else -%}
        {%- do put_in_place(relation, table_made(relation, query) | join(';\n')) -%}
    {%- endif -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- do require_plain_model() -%}
    {%- do prove_contract() -%}
    {%- set relation = this.incorporate(type='view') -%}
    {%- set definition = ' view ' ~ relation ~ ' as (\n' ~ compiled_code ~ '\n)' -%}
    {%- if is_kept() -%}
        {%- do define_again(definition) -%}
    {%- else -%}
        {%- do put_in_place(relation, 'create' ~ definition) -%}
    {%- endif -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# A seed names the type of each column, so nobody needs to guess them from the rows as dbt's own materialization does. #}
{% materialization seed, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set types = config.get('column_types') -%}
    {%- if not types -%}
        {%- do exceptions.raise_compiler_error('Seed ' ~ model.name ~ ' names no column_types') -%}
    {%- endif -%}
    {%- set file = adapter.get_seed_file_path(model) | replace("'", "''") -%}
    {%- set query -%}
select
{%- for column in types %}
    "{{ column }}"{{ ',' if not loop.last }}
{%- endfor %}
from read_csv(
    '{{ file }}', header = true, delim = ',', quote = '"', escape = '"', comment = '', skip = 0, types = {
{%- for column, type in types.items() %}
        '{{ column }}': '{{ type }}'{{ ',' if not loop.last }}
{%- endfor %}
    }
)
    {%- endset -%}
    {%- if is_kept() -%}
        {%- do bring_up_to_date(relation, query, is_input=true, said=tojson(types)) -%}
    {%- else -%}
        {%- do put_in_place(relation, 'create table ' ~ relation ~ ' as\n' ~ query) -%}
    {%- endif -%}
    {#- dbt asks for the rows that it has guessed the types from, to show them. -#}
    {%- do store_result('agate_table', response='OK', agate_table=none) -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# The statements that make a table of a query: one, or for a model that says so in config.meta one for each group of its
   rows, so that the largest takes no more memory for ten thousand agents than for a few hundred.
     in_groups   {column, of, most}: by the values of a column of another model, so many of them at a time. The query says
                 by is_in_group() which rows it reads of a group; those without a value are read for each. #}
{% macro table_made(relation, query) %}
    {%- set asked = (config.get('meta') or {}).get('in_groups') -%}
    {%- set groups = groups_of(asked) if asked and execute else [] -%}
    {%- if groups | length < 2 -%}
        {{ return(['create table ' ~ relation ~ ' as\n' ~ query]) }}
    {%- endif -%}
    {%- set everyone = is_in_group(asked.column) -%}
    {%- set statements = [] -%}
    {%- for low, high in groups -%}
        {%- set one = '(' ~ asked.column ~ ' is null or ' ~ asked.column ~ " between '" ~ low | replace("'", "''") ~ "' and '"
            ~ high | replace("'", "''") ~ "')" -%}
        {%- do statements.append(
            ('create table ' ~ relation ~ ' as\n' if loop.first else 'insert into ' ~ relation ~ '\n')
            ~ query | replace(everyone, one)
        ) -%}
    {%- endfor -%}
    {{ return(statements) }}
{% endmacro %}

{# First and last value of each group. #}
{% macro groups_of(asked) %}
    {%- set response, found = adapter.execute(
        'select min(value), max(value) from (select value, (row_number() over (order by value) - 1) // ' ~ asked.most
        ~ ' as place from (select distinct ' ~ asked.column ~ ' as value from ' ~ relation_named(asked.of)
        ~ ')) where value is not null group by place order by place', auto_begin=false, fetch=true
    ) -%}
    {{ return(found.rows) }}
{% endmacro %}

{# Run the statement that makes `relation`; what stands under its name goes in the same transaction. #}
{% macro put_in_place(relation, statement) %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is none -%}
        {%- set response, table = adapter.execute(statement, auto_begin=false, fetch=false) -%}
        {%- do store_result('main', response=response, agate_table=table) -%}
    {%- else -%}
        {%- do adapter.ensure_transaction() -%}
        {%- do adapter.drop_relation(existing) -%}
        {%- set response, table = adapter.execute(statement, auto_begin=true, fetch=false) -%}
        {%- do store_result('main', response=response, agate_table=table) -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{% endmacro %}

{# The model's query with the columns of its contract, in their order and types; `types` are other names of them. #}
{% macro held_to_contract(query, types={}) -%}
{% if config.get('contract').enforced -%}
select
{%- for column in model.columns.values() %}
    cast({{ column.name }} as {{ types.get(column.data_type, column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
{%- endfor %}
from (
{{ query }}
) as model_rows
{%- else -%}
{{ query }}
{%- endif -%}
{%- endmacro %}

{# Refuse what these materializations would leave out. #}
{% macro require_plain_model() %}
    {%- if pre_hooks or post_hooks or config.get('grants') or config.get('indexes') or config.get('sql_header')
        or config.get('persist_docs') -%}
        {%- do exceptions.raise_compiler_error(
            'Model ' ~ model.name ~ ' asks for a hook, grant, index, header or comment: dbt_project/materializations '
            ~ 'makes tables and views alone'
        ) -%}
    {%- endif -%}
{% endmacro %}

{# Hold a contract against the query's own columns, unless the night says that the tests have done so: columns and types
   follow from the code, not from the data. #}
{% macro prove_contract() %}
    {%- if config.get('contract').enforced and env_var('MERITLINE_CONTRACTS', 'prove') != 'proven' -%}
        {%- do get_assert_columns_equivalent(compiled_code) -%}
        {%- for column in model.columns.values() if column.constraints -%}
            {%- do exceptions.raise_compiler_error(
                'Model ' ~ model.name ~ ' has a constraint on ' ~ column.name ~ ': say it as a data test'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
