-- Grain: one KPI, as conditions of signals name it.
select kpi_id, name_zh, name_en, unit, direction
from marts.dim_kpi
