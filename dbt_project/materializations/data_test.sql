{# A data test is one query outside a transaction; its SQL lies under compiled/ and is not written a second time. With
   --store-failures the rows are kept as dbt keeps them. #}
{% materialization test, adapter='duckdb' %}
    {%- if should_store_failures() -%}
        {{ return(dbt.materialization_test_default()) }}
    {%- endif -%}
    {%- set limit = config.get('limit') -%}
    {%- set statement = get_test_sql(
        compiled_code, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=limit
    ) -%}
    {%- set response, table = adapter.execute(statement, auto_begin=false, fetch=true) -%}
    {%- do store_result('main', response=response, agate_table=table) -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}
