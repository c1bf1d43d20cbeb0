-- Grain: one column of the key of one relation.

{# What `input_key` of a number is made of: each model's config.meta.key, which stands beside its columns. #}

{% set rows = [] %}
{% if execute %}
    {% for found in graph.nodes.values() | sort(attribute='name') if found.resource_type == 'model' %}
        {% for column in found.config.meta.get('key') or [] %}
            {% do rows.append((found.schema ~ '.' ~ found.alias, found.name, loop.index, column)) %}
        {% endfor %}
    {% endfor %}
{% endif %}

{% for relation, model, position, column in rows or [('', '', 0, '')] -%}
select
    '{{ relation }}' as relation,
    '{{ model }}' as model,
    cast({{ position }} as bigint) as position,
    '{{ column }}' as column_name
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
