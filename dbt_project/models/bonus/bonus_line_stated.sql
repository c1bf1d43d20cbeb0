-- Grain: one line as its mechanism states it, with the nodes that explain it; before cents are absorbed.

select
    {{ bonus_line_id('line', 'line.segment_no', 'line.item') }} as bonus_line_id,
    line.*
from (
    {% for mechanism in pay_mechanisms() -%}
    select * from {{ ref('bonus_line__' ~ mechanism) }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
) as line
