-- Grain: one number of the calculation as an operand of one other, or by itself.

{% set parts = ['policy', 'observation', 'score', 'grade', 'event', 'coefficient', 'attainment', 'ranking', 'line'] %}

{% for part in parts -%}
select
    *,
    '{{ part }}' as part
from {{ ref('calculation__' ~ part) }}
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
