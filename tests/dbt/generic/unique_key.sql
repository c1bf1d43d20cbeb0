{# One query a table: rows whose `config.meta.key` occurs twice, or is empty in a column not listed as nullable. The key
   is read from the model, where publication reads it too, and not repeated here. #}
{% test unique_key(model, nullable=[]) %}
{%- set keys = [] -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if node.schema == model.schema and node.alias == model.identifier -%}
            {%- do keys.append(node.config.meta.get('key', [])) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not keys or not keys[0] -%}
        {{ exceptions.raise_compiler_error(model ~ " names no config.meta.key, so its rows cannot be told apart") }}
    {%- endif -%}
{%- endif -%}
{%- set key = keys[0] if keys else ['1'] %}
select
    {{ key | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ key | join(', ') }}
having
    count(*) > 1
    {%- for column in key if column not in nullable %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
