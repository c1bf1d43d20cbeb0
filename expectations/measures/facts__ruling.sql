-- Grain: one way in which a ruling does nothing: how many there are, and the first one.

with

kind (fault, effect) as (
    values
    ('names no KPI of the catalogue', 'unknown_kpi'),
    ('names a row that no export has', 'unknown_row')
)

select
    kind.fault || coalesce(' (ruling ' || min(ruling.ruling_id) || ')', '') as subject,
    case when (select count(*) from facts.fct_ruling) > 0 then count(ruling.ruling_id) end as idle_ruling_count
from kind
left join facts.fct_ruling as ruling
    on kind.effect = ruling.effect
group by kind.fault
