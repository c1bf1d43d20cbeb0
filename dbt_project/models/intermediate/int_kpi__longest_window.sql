-- Grain: one row: the longest window that any definition of the catalogue asks about, in force or not.

select coalesce(max(window_days), 0) as day_count
from {{ ref('kpi') }}
