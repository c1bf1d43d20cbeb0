-- Grain: one valid solved ticket of a known customer: what that customer did next.

{# Within the longest window that any KPI asks about: what comes later is asked by none, and a ticket of long ago stays
   as it is. What came next is asked for one KPI each: a ruling on that KPI takes the row out there and nowhere else.
   Whatever is dated after the cut has not happened. #}

with

longest_window as (
    select day_count from {{ ref('int_kpi__longest_window') }}
),

run_context as (
    select cut_at from {{ ref('stg_run__context') }}
),

ruled as (
    select
        kpi_scope,
        entity,
        entity_id
    from {{ ref('int_ruling__in_force') }}
    where is_in_force and kpi_scope <> '*'
),

solved as (
    select
        ticket_id,
        customer_id,
        coalesce(category, '') as category,
        solving_agent_id,
        ticket_type,
        created_on,
        solved_at,
        solved_on
    from {{ ref('int_ticket__validity') }}
    where
        is_valid and is_solved and solved_at is not null and customer_id is not null
        and {{ is_touched('solved_on') }}
),

happened as (
    select
        'ticket' as entity,
        ticket_id as entity_id,
        ticket_id,
        customer_id,
        coalesce(category, '') as category,
        created_at as happened_at,
        ticket_type = 'complaint' as is_complaint
    from {{ ref('int_ticket__validity') }}
    where is_valid and customer_id is not null
    union all
    select
        'contact' as entity,
        contact_id as entity_id,
        cast(null as string) as ticket_id,
        customer_id,
        coalesce(category, '') as category,
        started_at as happened_at,
        false as is_complaint
    from {{ ref('int_contact__validity') }}
    where is_valid and customer_id is not null
),

happened_for_fcr as (
    select happened.*
    from happened
    left join ruled
        on
            ruled.kpi_scope = 'fcr'
            and happened.entity = ruled.entity
            and happened.entity_id = ruled.entity_id
    where ruled.entity_id is null
),

complained as (
    select happened.*
    from happened
    left join ruled
        on
            ruled.kpi_scope = 'repeat_complaint_rate'
            and happened.entity = ruled.entity
            and happened.entity_id = ruled.entity_id
    where happened.is_complaint and ruled.entity_id is null
),

next_in_category as (
    select
        solved.ticket_id,
        min(happened.happened_at) as next_event_at
    from solved
    inner join happened_for_fcr as happened
        on
            solved.customer_id = happened.customer_id
            and solved.category = happened.category
            and happened.happened_at > solved.solved_at
            -- A ticket exported as solved before it was created is no event after itself.
            and happened.ticket_id is distinct from solved.ticket_id
    cross join longest_window
    where {{ is_within_days('solved.solved_at', 'happened.happened_at', 'longest_window.day_count') }}
    group by solved.ticket_id
),

next_complaint as (
    select
        solved.ticket_id,
        min(happened.happened_at) as next_complaint_at
    from solved
    inner join complained as happened
        on
            solved.customer_id = happened.customer_id
            and happened.happened_at > solved.solved_at
            -- A ticket exported as solved before it was created is no event after itself.
            and happened.ticket_id is distinct from solved.ticket_id
    cross join longest_window
    where
        solved.ticket_type = 'complaint'
        and {{ is_within_days('solved.solved_at', 'happened.happened_at', 'longest_window.day_count') }}
    group by solved.ticket_id
),

repurchase as (
    select
        purchase.customer_id,
        purchase.agent_id,
        purchase.ordered_at
    from {{ ref('stg_crm__order') }} as purchase
    cross join run_context
    left join {{ ref('int_ruling__set_aside') }} as set_aside
        on
            set_aside.entity = 'order'
            and purchase.order_id = set_aside.entity_id
    left join ruled
        on
            ruled.kpi_scope = 'repurchase_rate'
            and ruled.entity = 'order'
            and purchase.order_id = ruled.entity_id
    where
        purchase.status = 'paid'
        and purchase.kind = 'repurchase'
        and purchase.ordered_at < run_context.cut_at
        and set_aside.ruling_id is null
        and ruled.entity_id is null
),

next_repurchase as (
    select
        solved.ticket_id,
        min(repurchase.ordered_at) as next_repurchase_at
    from solved
    inner join repurchase
        on
            solved.customer_id = repurchase.customer_id
            and solved.solving_agent_id = repurchase.agent_id
            and repurchase.ordered_at > solved.solved_at
    cross join longest_window
    where
        solved.ticket_type = 'after_sales'
        and {{ is_within_days('solved.solved_at', 'repurchase.ordered_at', 'longest_window.day_count') }}
    group by solved.ticket_id
)

select
    solved.ticket_id,
    solved.created_on,
    solved.solved_on,
    next_in_category.next_event_at,
    next_complaint.next_complaint_at,
    next_repurchase.next_repurchase_at
from solved
left join next_in_category
    on solved.ticket_id = next_in_category.ticket_id
left join next_complaint
    on solved.ticket_id = next_complaint.ticket_id
left join next_repurchase
    on solved.ticket_id = next_repurchase.ticket_id
