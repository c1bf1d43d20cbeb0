create table ticket_seed as
with numbered as (
    select day_no, day_s, unnest(range(first_row, first_row + row_count)) as row_no
    from calendar_day
),
keyed as (
    select *, key('ticket', row_no) as k from numbered
)
select
    row_no,
    k,
    day_no,
    day_s,
    {c.hours}[1 + pick(k, 'hour', {c.hour_count})] as hour,
    day_s + hour * 3600 + pick(k, 'second', 3600) as created_s,
    (case
        when u(k, 'type') < {c.inquiry_share} then 0
        when u(k, 'type') < {c.inquiry_share} + {c.after_sales_share} then 1
        when u(k, 'type') < {c.inquiry_share} + {c.after_sales_share} + {c.technical_share} then 2
        when u(k, 'type') < {c.inquiry_share} + {c.after_sales_share} + {c.technical_share}
            + {c.complaint_share} then 3
        else 4 end)::integer as type_no,
    pick(k, 'category', 3)::integer as category_no,
    floor(squared(u(k, 'customer')) * getvariable('customers'))::bigint as customer_no,
    (hour < 8 or hour >= 22)::integer as shift_no
from keyed
order by row_no;

-- Customers who come back with the same matter: less often after a good agent.
create table follow_up as
with candidate as (
    select row_no, k, day_no,
        row_no - 1 - pick(k, 'parent', getvariable('follow_window')) as parent_row
    from ticket_seed
    where u(k, 'follow up') < {c.follow_up_candidates}
),
parent as (
    select
        c.row_no,
        c.k,
        p.row_no as parent_row,
        p.type_no,
        p.category_no,
        p.customer_no,
        p.k as parent_k,
        p.day_no * 10 + p.type_no * 2 + p.shift_no as pool_no
    from candidate as c
    join ticket_seed as p on p.row_no = c.parent_row and p.day_no < c.day_no
)
select p.row_no, p.parent_row, p.type_no, p.category_no, p.customer_no
from parent as p
join pool_size as s using (pool_no)
join pool as a on a.pool_no = p.pool_no and a.slot = pick(p.parent_k, 'first agent', s.slots)
where u(p.k, 'comes back') < {c.follow_up_share} + {c.follow_up_per_skill} * a.skill;

-- One ticket with the agent who takes it and the one it may be handed to.
create table ticket_cast as
with known as (
    select
        t.row_no,
        t.k,
        t.day_no,
        t.day_s,
        t.created_s,
        t.shift_no,
        f.parent_row,
        coalesce(f.type_no, t.type_no) as type_no,
        coalesce(f.category_no, t.category_no) as category_no,
        coalesce(f.customer_no, t.customer_no) as customer_no,
        t.day_no * 10 + coalesce(f.type_no, t.type_no) * 2 + t.shift_no as pool_no
    from ticket_seed as t
    left join follow_up as f using (row_no)
),
sized as (
    select
        k.*,
        pick(k.k, 'first agent', s.slots)::integer as first_slot,
        pick(k.k, 'second agent', s.slots)::integer as second_slot
    from known as k
    left join pool_size as s using (pool_no)
)
select
    s.* exclude (pool_no, first_slot, second_slot),
    a.agent_id as first_agent,
    coalesce(a.skill, 0.0) as skill,
    coalesce(a.is_vip, false) as is_vip,
    b.agent_id as second_agent
from sized as s
left join pool as a on a.pool_no = s.pool_no and a.slot = s.first_slot
left join pool as b on b.pool_no = s.pool_no and b.slot = s.second_slot;
