-- Grain: one table that a plan in use reads: 1 where no export of it was ever taken in (S-EXPORT).

select
    need.table_name as subject,
    max(cast(not export.is_delivered as integer)) as absent_export_count
from facts.fct_plan_need as need
inner join facts.fct_export as export on need.table_name = export.table_name
where need.column_name = ''
group by need.table_name
