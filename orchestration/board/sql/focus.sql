-- Grain: one agent: the period that the boards look at: of those that reach into the newest month, or of the agent's
-- newest, a scored one, a month before a quarter before a year. A year reaches into the newest month also for whoever
-- left before it: `is_present` tells who was in service in that month.
create temp table focus as
with

newest as (
    select max(ends_on) as ends_on
    from marts.mart_agent_period
    inner join marts.dim_period using (period_id)
    where marts.mart_agent_period.period_kind = 'month'
),

present as (
    select place.agent_id
    from marts.mart_agent_period as place
    inner join marts.dim_period as period using (period_id)
    inner join newest on period.ends_on = newest.ends_on
    where place.period_kind = 'month'
)

select
    place.period_kind, place.period_id, place.agent_id, place.agent_name, place.scheme_id, place.team_id, place.role,
    place.total_score, place.score_status, place.rank, place.cohort_size, place.grade, place.maturity,
    place.agent_id in (select agent_id from present) as is_present
from marts.mart_agent_period as place
inner join marts.dim_period as period using (period_id)
cross join newest
qualify row_number() over (
    partition by place.agent_id
    order by
        least(period.ends_on, newest.ends_on) desc,
        (place.total_score is null) asc,
        case place.period_kind when 'month' then 0 when 'quarter' then 1 else 2 end asc,
        place.period_id desc
) = 1
