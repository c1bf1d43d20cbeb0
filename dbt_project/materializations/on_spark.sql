{# How raw files, seeds, tables and views come into being on Apache Spark.

   Parquet tables, a rebuild of each as it is asked for: what stands under its name is dropped and created again. Each
   statement runs with ANSI on, whatever the server or the adapter has set: without it a cast that fails is an empty
   value and a sum that overflows is another number. A view keeps the setting under which it was created. #}

{% materialization table, adapter='spark', supported_languages=['sql'] %}
    {%- do require_plain_model() -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- do put_in_place_on_spark(relation, held_to_contract(compiled_code, types_on_spark())) -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# A metastore may have room for 32,700 characters of a view's text, as Derby's has: of a longer one the rows are
   written. #}
{% materialization view, adapter='spark' %}
    {%- do require_plain_model() -%}
    {%- set relation = this.incorporate(type='view' if compiled_code | length < 30000 else 'table') -%}
    {%- do put_in_place_on_spark(relation, compiled_code) -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# The rows of the file travel in the statement: workers need not see the policy's folder. #}
{% materialization seed, adapter='spark' %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set types = config.get('column_types') -%}
    {%- set named = types_on_spark() -%}
    {%- set rows = load_agate_table() -%}
    {%- do store_result('agate_table', response='OK', agate_table=rows) -%}
    {%- set query -%}
select
{%- for column in rows.column_names %}
    cast({{ column }} as {{ named.get(types[column], types[column]) }}) as {{ column }}{{ ',' if not loop.last }}
{%- endfor %}
from values
{%- for row in rows.rows %}
    ({% for value in row %}{{ text_on_spark(value) }}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
{%- else %}
    ({% for column in rows.column_names %}cast(null as string){{ ', ' if not loop.last }}{% endfor %})
{%- endfor %} as seed_rows ({{ rows.column_names | join(', ') }})
{%- if not rows.rows %}
where false
{%- endif %}
    {%- endset -%}
    {%- do put_in_place_on_spark(relation, query) -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{# Make the table or view of a query; what stands under its name goes first. #}
{% macro put_in_place_on_spark(relation, query) %}
    {%- do be_strict() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
create {{ relation.type }} {{ relation }} {{ 'using parquet' if relation.type == 'table' }} as
{{ query }}
    {%- endcall -%}
{% endmacro %}

{# ANSI on, for the session in which the next statement runs. #}
{% macro be_strict() %}{{ return(adapter.dispatch('be_strict')()) }}{% endmacro %}
{% macro default__be_strict() %}{% endmacro %}
{% macro spark__be_strict() %}{%- do on_spark('set spark.sql.ansi.enabled = true') -%}{% endmacro %}
{# Sail, by which the tests compare every day, is told by its profile and knows no other way. #}
{% macro sail__be_strict() %}{% endmacro %}

{% macro on_spark(sql) %}
    {%- call statement() -%}{{ sql }}{%- endcall -%}
{% endmacro %}

{# The types of contracts, seeds and exports that Spark calls otherwise. #}
{% macro types_on_spark() %}
    {%- set fields = [] -%}
    {%- for name, type in line_node_fields().items() -%}{%- do fields.append(name ~ ': ' ~ type) -%}{%- endfor -%}
    {{ return({'varchar': 'string', var('node_list_type'): 'array<struct<' ~ fields | join(', ') ~ '>>'}) }}
{% endmacro %}

{# A text as Spark reads it, or an empty value. #}
{% macro text_on_spark(value) -%}
    {%- if value is none -%}
        cast(null as string)
    {%- else -%}
        '{{ (value | string).replace('\\', '\\\\').replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}

{# Where a site says so, a schema is a folder of that name in its warehouse, and a table one below it: publication reads
   them from there. #}
{% macro spark__create_schema(relation) %}
    {%- set warehouse = env_var('MERITLINE_SPARK_WAREHOUSE', '') -%}
    {%- do on_spark(
        'create schema if not exists ' ~ relation.without_identifier()
        ~ (' location ' ~ text_on_spark(warehouse ~ '/' ~ relation.schema) if warehouse else '')
    ) -%}
{% endmacro %}

{# Before a run: a source is a folder of Parquet files. DuckDB reads it by its path; Spark by a table over it, made anew
   each time, for a file has come or an old one has gone. #}
{% macro register_sources() %}{{ return(adapter.dispatch('register_sources')()) }}{% endmacro %}
{% macro default__register_sources() %}{% endmacro %}
{% macro spark__register_sources() %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- for schema in graph.sources.values() | map(attribute='schema') | unique | sort -%}
            {%- do create_schema(api.Relation.create(schema=schema)) -%}
        {%- endfor -%}
        {%- for source in graph.sources.values() | sort(attribute='unique_id') -%}
            {%- do on_spark('drop table if exists ' ~ source.relation_name) -%}
            {%- do on_spark(definition_of_source(source)) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro definition_of_source(source) -%}
{%- set types = types_on_spark() -%}
create table {{ source.relation_name }} (
{%- for column in source.columns.values() %}
    {{ adapter.quote(column.name) }} {{ types.get(column.data_type, column.data_type) }}{{ ',' if not loop.last }}
{%- endfor %}
)
using parquet
location '{{ env_var('MERITLINE_RAW', 'raw') }}/{{ source.source_name }}/{{ source.name }}'
{%- endmacro %}
