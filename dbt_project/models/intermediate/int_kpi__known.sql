-- Grain: one KPI of the catalogue, in force or not.

select distinct kpi_id
from {{ ref('kpi') }}
