-- Grain: one fact about who may do what in one schema, as the server's catalogue says it.
-- `relation` is '' for the schema itself. Facts that start with 'expression' may read otherwise on another
-- major version of the server; all others are the same on each.
with

relations as (
    select
        c.oid,
        c.relname,
        c.relkind,
        c.relowner,
        c.relacl,
        c.relrowsecurity,
        c.relforcerowsecurity,
        coalesce(c.reloptions, '{}') as options
    from pg_catalog.pg_class as c
    where c.relnamespace = pg_catalog.to_regnamespace(%(schema)s) and c.relkind not in ('i', 'I', 't')
),

routines as (
    select p.oid, p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name,
        p.proowner, p.proacl, p.prosecdef, p.proconfig, p.prosrc
    from pg_catalog.pg_proc as p
    where p.pronamespace = pg_catalog.to_regnamespace(%(schema)s)
),

grants as (
    select '' as relation, '' as part, n.nspowner as owner, a.*
    from pg_catalog.pg_namespace as n,
        pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) as a
    where n.oid = pg_catalog.to_regnamespace(%(schema)s)
    union all
    select r.relname, '', r.relowner, a.*
    from relations as r,
        pg_catalog.aclexplode(
            coalesce(r.relacl, pg_catalog.acldefault(case r.relkind when 'S' then 's'::"char" else 'r' end, r.relowner))
        ) as a
    union all
    select r.relname, ' (' || t.attname || ')', r.relowner, a.*
    from relations as r
    inner join pg_catalog.pg_attribute as t on t.attrelid = r.oid and t.attacl is not null,
        pg_catalog.aclexplode(t.attacl) as a
    union all
    select r.name, '', r.proowner, a.*
    from routines as r,
        pg_catalog.aclexplode(coalesce(r.proacl, pg_catalog.acldefault('f', r.proowner))) as a
)

select '' as relation, 'schema of ' || pg_catalog.pg_get_userbyid(n.nspowner) as fact
from pg_catalog.pg_namespace as n
where n.oid = pg_catalog.to_regnamespace(%(schema)s)
union all
select
    relname,
    case relkind
        when 'r' then 'table'
        when 'v' then 'view'
        else 'relation of kind ' || relkind::text
    end
    || ' of ' || pg_catalog.pg_get_userbyid(relowner)
    || case
        when relkind = 'v' and options @> array['security_invoker=true'] then ', security_invoker'
        when relkind = 'v' then ', not security_invoker'
        when relrowsecurity and relforcerowsecurity then ', row security forced'
        when relrowsecurity then ', row security not forced'
        else ', no row security'
    end
from relations
union all
select
    r.relname,
    'policy ' || p.polname || case when p.polpermissive then ', permissive' else ', restrictive' end
    || ', for ' || case p.polcmd
        when 'r' then 'select'
        when 'a' then 'insert'
        when 'w' then 'update'
        when 'd' then 'delete'
        else 'all'
    end
    || ' to ' || (
        select pg_catalog.string_agg(
            case one when 0 then 'public' else pg_catalog.pg_get_userbyid(one) end, ' ' order by
            case one when 0 then 'public' else pg_catalog.pg_get_userbyid(one) end
        )
        from pg_catalog.unnest(p.polroles) as one
    )
from relations as r
inner join pg_catalog.pg_policy as p on p.polrelid = r.oid
union all
select
    r.relname,
    'expression of policy ' || p.polname || ': ' || pg_catalog.md5(
        coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') || '|'
        || coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '')
    )
from relations as r
inner join pg_catalog.pg_policy as p on p.polrelid = r.oid
union all
select relname, 'expression of view: ' || pg_catalog.md5(pg_catalog.pg_get_viewdef(oid))
from relations
where relkind = 'v'
union all
select
    relation,
    'grant' || part || ' of ' || pg_catalog.lower(privilege_type)
    || ' to ' || case grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(grantee) end
    || case when is_grantable then ', grantable' else '' end
from grants
where grantee <> owner
union all
select r.relname, 'trigger ' || t.tgname
from relations as r
inner join pg_catalog.pg_trigger as t on t.tgrelid = r.oid and not t.tgisinternal
union all
select r.relname, 'rule ' || w.rulename
from relations as r
inner join pg_catalog.pg_rewrite as w on w.ev_class = r.oid and w.rulename <> '_RETURN'
union all
select
    name,
    'function of ' || pg_catalog.pg_get_userbyid(proowner)
    || case when prosecdef then ', security definer' else '' end
    || ', ' || coalesce(pg_catalog.array_to_string(proconfig, ' '), 'no search_path of its own')
from routines
union all
select name, 'expression of function: ' || pg_catalog.md5(prosrc)
from routines
order by 1, 2
