-- Grain: one grade of one pay plan.

select
    scheme_id,
    grade,
    cast(min(band_no) as bigint) as grade_order,
    'Grade ' || grade as label_en,
    grade || ' 级' as label_zh
from {{ ref('policy_grade_band') }}
group by scheme_id, grade
