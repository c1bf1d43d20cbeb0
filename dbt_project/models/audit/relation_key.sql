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

select
    relation,
    model,
    cast(position as bigint) as position,
    column_name
from (
    values
    {%- for relation, model, position, column in rows or [('', '', 0, '')] %}
    ('{{ relation }}', '{{ model }}', {{ position }}, '{{ column }}')
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
) as key_column (relation, model, position, column_name)
