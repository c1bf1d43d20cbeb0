-- What one machine can do at most: the exports staged (newest version of each key) and fourteen KPIs per agent and month
-- by hand-written SQL, as Parquet. No rulings, no cut, no grades, no pay, no trace, nothing checked.
-- {landing} and {out} are folders.

create table agent as
select
    agent_id,
    cast(effective_from as date) as from_on,
    coalesce(
        lead(cast(effective_from as date)) over (partition by agent_id order by effective_from), date '9999-01-01'
    ) as to_on
from read_csv('{landing}/workforce/agent*.csv');

create table ticket as
select * from read_csv('{landing}/ticket/ticket*.csv', union_by_name = true, filename = true, sample_size = 20000)
qualify row_number() over (partition by ticket_id order by updated_at desc nulls last) = 1;

create table contact as
select * from read_csv('{landing}/ticket/contact*.csv', union_by_name = true, filename = true, sample_size = 20000)
qualify row_number() over (partition by contact_id order by updated_at desc nulls last) = 1;

create table survey as
select * from read_csv('{landing}/ticket/survey*.csv', union_by_name = true, filename = true, sample_size = 20000)
qualify row_number() over (partition by survey_id order by filename desc) = 1;

create table review as
select * from read_csv('{landing}/ticket/quality_review*.csv', union_by_name = true, filename = true, sample_size = 20000)
qualify row_number() over (partition by review_id order by filename desc) = 1;

create table violation as
select * from read_csv('{landing}/ticket/violation*.csv', union_by_name = true, filename = true, sample_size = 20000)
qualify row_number() over (partition by violation_id order by filename desc) = 1;

create table lead_row as
select * from read_csv('{landing}/crm/lead*.csv', union_by_name = true, filename = true, sample_size = 20000)
qualify row_number() over (partition by lead_id order by filename desc) = 1;

create table order_row as
select * from read_csv('{landing}/crm/order*.csv', union_by_name = true, filename = true, sample_size = 20000)
qualify row_number() over (partition by order_id order by updated_at desc nulls last) = 1;

create view valid_ticket as
select
    *,
    cast(created_at as timestamptz) as created,
    cast(solved_at as timestamptz) as solved,
    coalesce(solver_id, assignee_id) as solver,
    solved_at is not null and status in ('solved', 'closed') as is_solved
from ticket
where not is_spam and merged_into is null and status not in ('deleted', 'void');

create view valid_contact as select * from contact where not is_invalid and not is_bot;

create view event as
select customer_id, category, created as happened from valid_ticket
union all
select customer_id, category, cast(started_at as timestamptz) from valid_contact;

create view evidence as
select 'contacts_served' as kpi, agent_id, cast(started_at as date) as day, 1.0 as n, 0 as d from valid_contact where is_answered
union all
select 'answer_rate', agent_id, cast(started_at as date), cast(is_answered as int), 1 from valid_contact
union all
select 'first_response', agent_id, cast(started_at as date), epoch(first_response_at) - epoch(started_at), 1
from valid_contact where is_answered and first_response_at is not null
union all
select 'csat', coalesce(survey.agent_id, contact.agent_id, valid_ticket.solver), cast(responded_at as date), score * 10 / scale_max, 1
from survey left join contact using (contact_id) left join valid_ticket on survey.ticket_id = valid_ticket.ticket_id
where kind = 'csat'
union all
select 'handle', solver, cast(solved as date), epoch(solved) - epoch(created), 1 from valid_ticket where is_solved and solved >= created
union all
select 'tickets_solved', solver, cast(solved as date), 1, 0 from valid_ticket where is_solved
union all
select 'on_time', solver, cast(due_at as date), cast(is_solved and solved_at <= due_at as int), 1 from valid_ticket where due_at is not null
union all
select 'closure', assignee_id, cast(created as date), cast(is_solved as int), 1 from valid_ticket where assignee_id is not null
union all
select 'resolution', assignee_id, cast(created as date), cast(is_solved and coalesce(reopen_count, 0) = 0 as int), 1
from valid_ticket where assignee_id is not null
union all
select 'fcr', solver, cast(solved as date), cast(coalesce(reopen_count, 0) = 0 and (happened is null or happened > solved + interval 7 day) as int), 1
from (select * from valid_ticket where is_solved and customer_id is not null) as ticket
asof left join event
    on ticket.customer_id = event.customer_id and ticket.category = event.category and ticket.solved < event.happened
union all
select 'qa_pass', agent_id, cast(reviewed_at as date), cast(is_passed as int), 1 from review
union all
select 'violations', agent_id, cast(occurred_at as date), 1, 0 from violation
union all
select 'win_rate', agent_id, cast(closed_at as date), cast(stage = 'won' as int), 1 from lead_row where stage in ('won', 'lost')
union all
select 'sales', agent_id, cast(ordered_at as date), amount - case when status = 'refunded' then coalesce(refunded_amount, amount) else coalesce(refunded_amount, 0) end, 0
from order_row where status in ('paid', 'refunded');

create table observation as
select kpi, evidence.agent_id, date_trunc('month', day) as month, sum(n) as numerator, sum(d) as denominator
from evidence
inner join agent on evidence.agent_id = agent.agent_id and day >= from_on and day < to_on
group by all;

copy ticket to '{out}/ticket.parquet';
copy contact to '{out}/contact.parquet';
copy survey to '{out}/survey.parquet';
copy review to '{out}/review.parquet';
copy violation to '{out}/violation.parquet';
copy lead_row to '{out}/lead.parquet';
copy order_row to '{out}/order.parquet';
copy observation to '{out}/observation.parquet';
