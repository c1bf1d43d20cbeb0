-- Grain: one column with a list of its own values: how many rows of the last days carry one never seen before.

with

cell as (
    select 'ticket.category' as column_name, category as value, created_on as event_on from facts.fct_ticket
    union all
    select 'ticket.channel' as column_name, channel as value, created_on as event_on from facts.fct_ticket
    union all
    select 'ticket.priority' as column_name, priority as value, created_on as event_on from facts.fct_ticket
    union all
    select 'contact.category' as column_name, category as value, started_on as event_on from facts.fct_contact
    union all
    select 'quality_review.dimension' as column_name, dimension as value, reviewed_on as event_on
    from facts.fct_quality_review
),

seen as (
    select
        cell.column_name,
        cell.value,
        count_if(cell.event_on > run.as_of_on - {recent_days}) as recent_count,
        count_if(cell.event_on <= run.as_of_on - {recent_days}) as usual_count
    from cell
    cross join facts.dim_run_context as run
    where cell.value is not null and cell.event_on <= run.as_of_on
    group by cell.column_name, cell.value
)

select
    column_name as subject,
    case
        when sum(recent_count) >= {min_recent_rows} and sum(usual_count) >= {min_recent_rows}
            then coalesce(sum(recent_count) filter (where usual_count = 0), 0) / sum(recent_count)
    end as unseen_share
from seen
group by column_name
