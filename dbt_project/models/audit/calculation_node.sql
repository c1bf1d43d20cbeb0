-- Grain: one number (or word) of the calculation: what it is, how it follows from its operands, where it is published.

select
    {% for name in node_fields() if name not in ['parent_key', 'operand', 'position'] %}
    {{ name }},
    {% endfor -%}
    part
from {{ ref('calculation') }}
where kind is not null
