-- Grain: one integer from 0 to 9999.

with

digit as (
    {% for d in range(10) %}select {{ d }} as d{% if not loop.last %} union all {% endif %}{% endfor %}
)

select cast(thousands.d * 1000 + hundreds.d * 100 + tens.d * 10 + ones.d as bigint) as n
from digit as thousands
cross join digit as hundreds
cross join digit as tens
cross join digit as ones
