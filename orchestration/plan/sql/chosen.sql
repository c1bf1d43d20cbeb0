-- The periods asked for.
create or replace temp table chosen as
select
    period.period_id, period.period_kind, period.starts_on, period.ends_on,
    settled.period_id is not null as is_settled
from a.facts.dim_period as period
left join a.facts.dim_settled_period as settled on period.period_id = settled.period_id
where period.period_id in (select unnest($periods))
