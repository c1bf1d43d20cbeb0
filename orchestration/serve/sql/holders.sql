-- Grain: one session of others that holds a lock on a relation of the schema; its login, nothing that it asks.
select distinct l.pid, coalesce(a.usename, 'unknown') as login
from pg_catalog.pg_locks as l
inner join pg_catalog.pg_class as c on c.oid = l.relation
left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
where c.relnamespace = pg_catalog.to_regnamespace(%(schema)s)
    and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    and l.granted and l.pid <> pg_catalog.pg_backend_pid()
order by l.pid
limit 5
