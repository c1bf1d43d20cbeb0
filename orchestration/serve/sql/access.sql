-- Who may read. Of the loading role alone: readers reach it through the three functions, which tell of whoever
-- logged in and of nobody else. It outlives every load. {access} and {schema} are quoted names.
create schema if not exists {access};

create table if not exists {access}.reader (
    login text not null,
    audience text not null check (audience in ('bi', 'payroll', 'auditor', 'lead', 'agent')),
    agent_id text check (agent_id <> ''),
    team_id text check (team_id <> ''),
    primary key (login, audience),
    check (audience <> 'agent' or agent_id is not null and team_id is null),
    check (audience <> 'lead' or agent_id is not null or team_id is not null),
    check (audience in ('agent', 'lead') or agent_id is null and team_id is null)
);

comment on table {access}.reader is
'Grain: one login, one kind of reader. Whoever is not here reads no row. meritline publish postgres --readers FILE writes it.';
comment on column {access}.reader.login is 'Name of a login of this server (session_user).';
comment on column {access}.reader.audience is 'Kind of reader: bi, payroll, auditor, lead or agent.';
comment on column {access}.reader.agent_id is 'Whom the login belongs to: of an agent, and of a lead.';
comment on column {access}.reader.team_id is 'A team that a lead reads beside those that the publication says the lead leads; else empty.';

create table if not exists {access}.loaded (
    run_id text not null,
    content_hash text not null,
    server_major integer not null,
    loaded_at timestamptz not null default pg_catalog.now()
);

comment on table {access}.loaded is 'Grain: one row: which publication is loaded.';
comment on column {access}.loaded.run_id is 'The publication: a folder of published/ in its state.';
comment on column {access}.loaded.content_hash is 'SHA-256 over every relation of the publication.';
comment on column {access}.loaded.server_major is 'Major version of the server that it was loaded into.';
comment on column {access}.loaded.loaded_at is 'When it was loaded, by the clock of the server.';

create table if not exists {access}.fact (
    schema_name text not null,
    relation text not null,
    fact text not null,
    primary key (schema_name, relation, fact)
);

comment on table {access}.fact is
'Grain: one fact about tables, policies, views and grants as the load left them; the next load looks for others.';
comment on column {access}.fact.schema_name is 'Schema that it is about.';
comment on column {access}.fact.relation is 'Relation or function that it is about; empty for the schema itself.';
comment on column {access}.fact.fact is 'What the catalogue of the server said of it.';

create or replace function {access}.reads(kind text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select exists (select from {access}.reader as r where r.login = session_user and r.audience = kind) $$;

create or replace function {access}.agent_of(kind text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select r.agent_id from {access}.reader as r where r.login = session_user and r.audience = kind $$;

create or replace function {access}.team_of(kind text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select r.team_id from {access}.reader as r where r.login = session_user and r.audience = kind $$;

comment on function {access}.reads(text) is 'Whether whoever logged in is a reader of this kind.';
comment on function {access}.agent_of(text) is 'The agent whom the login of this session belongs to, as that kind of reader.';
comment on function {access}.team_of(text) is 'The further team of the login of this session, as that kind of reader.';

revoke all on schema {access} from public;
revoke all on all tables in schema {access} from public;
revoke all on all functions in schema {access} from public;
grant usage on schema {access} to {roles};
grant execute on all functions in schema {access} to {roles};
