-- Grain: one plan, one KPI in the newest month.
with

name as (
    select distinct kpi_id, kpi_name_zh, kpi_name_en from marts.mart_agent_scorecard
)

select health.*, name.kpi_name_zh, name.kpi_name_en, scheme.name_zh, scheme.name_en
from marts.mart_kpi_health as health
left join name using (kpi_id)
left join marts.dim_scheme as scheme using (scheme_id)
qualify health.period_id = max(health.period_id) over ()
order by health.is_flagged desc, health.is_low desc, health.low_month_count desc, health.scheme_id, health.kpi_id
