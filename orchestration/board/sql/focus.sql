-- Grain: one agent: the period that the boards look at: of those that reach into the newest month, or of the agent's
-- newest, a scored one, a month before a quarter before a year.
create temp table focus as
with

placed as (
    select
        *,
        case period_kind when 'month' then 0 when 'quarter' then 1 else 2 end as kind_order,
        case period_kind
            when 'month' then period_id
            when 'quarter' then left(period_id, 5) || lpad(cast(3 * cast(right(period_id, 1) as integer) as varchar), 2, '0')
            else period_id || '-12'
        end as last_month
    from agent_period
),

newest as (
    select max(period_id) as month_id from placed where period_kind = 'month'
)

select placed.* exclude (kind_order, last_month)
from placed
cross join newest
qualify row_number() over (
    partition by agent_id
    order by least(last_month, month_id) desc, (total_score is null) asc, kind_order asc, period_id desc
) = 1
