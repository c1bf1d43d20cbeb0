-- Tickets that may be what a customer did next after another solved ticket, within the longest window of these KPIs.
select distinct ticket.ticket_id
from facts.fct_ticket as ticket
inner join facts.fct_ticket as earlier
    on ticket.customer_id = earlier.customer_id and ticket.ticket_id <> earlier.ticket_id
cross join (
    select max(window_days) as day_count from policy.policy_kpi_period where list_contains($follow_up, kpi_id)
) as longest
where
    earlier.is_solved
    and ticket.created_at > earlier.solved_at
    and ticket.created_at <= earlier.solved_at + to_days(cast(longest.day_count as integer))
    and ticket.ticket_id in (
        select evidence.evidence_key from evidence
        where evidence.evidence_model = 'fct_ticket' and list_contains($follow_up, evidence.kpi_id)
    )
