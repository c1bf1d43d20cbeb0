-- Grain: one view or materialized view of another schema that rests on a relation of this one.
select distinct n.nspname || '.' || v.relname as name
from pg_catalog.pg_class as t
inner join pg_catalog.pg_depend as d on d.refobjid = t.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
inner join pg_catalog.pg_rewrite as w on w.oid = d.objid and d.classid = 'pg_catalog.pg_rewrite'::regclass
inner join pg_catalog.pg_class as v on v.oid = w.ev_class
inner join pg_catalog.pg_namespace as n on n.oid = v.relnamespace
where t.relnamespace = pg_catalog.to_regnamespace(%(schema)s) and v.relnamespace <> t.relnamespace
order by 1
