-- Grain: one contact or ticket that began in a system outage, and the ruling on it, if any (CG-30).

with

touched as (
    select
        'contact' as entity,
        contact_id as entity_id,
        agent_id,
        channel,
        started_at as occurred_at,
        started_on as occurred_on
    from {{ ref('fct_contact') }}
    where is_valid or invalid_reason = 'ruling'
    union all
    select
        'ticket' as entity,
        ticket_id as entity_id,
        assignee_id as agent_id,
        channel,
        created_at as occurred_at,
        created_on as occurred_on
    from {{ ref('fct_ticket') }}
    where is_valid or invalid_reason = 'ruling'
),

-- Outages may overlap: the one that began first proposes.
proposed as (
    select
        touched.*,
        outage.outage_id,
        row_number() over (
            partition by touched.entity, touched.entity_id
            order by outage.starts_at asc nulls last, outage.outage_id asc nulls last
        ) as outage_order
    from touched
    inner join {{ ref('fct_outage') }} as outage
        on
            touched.occurred_at >= outage.starts_at
            and (outage.ends_at is null or touched.occurred_at < outage.ends_at)
            and (outage.channel is null or outage.channel = touched.channel)
),

-- Of several rulings the approved one, then the pending, then the rejected; all KPIs before a single one.
ruled as (
    select
        entity,
        entity_id,
        ruling_id,
        kpi_scope,
        decision,
        row_number() over (
            partition by entity, entity_id
            order by decision asc nulls last, kpi_scope asc nulls last, ruling_id asc nulls last
        ) as ruling_order
    from {{ ref('fct_ruling') }}
    where reason = 'system_outage'
)

select
    proposed.entity,
    proposed.entity_id,
    proposed.agent_id,
    proposed.occurred_at,
    proposed.occurred_on,
    proposed.outage_id,
    'system_outage' as reason,
    ruled.ruling_id,
    ruled.kpi_scope,
    coalesce(ruled.decision, 'proposed') as status,
    'CG-30' as clause_id
from proposed
left join ruled
    on
        proposed.entity = ruled.entity
        and proposed.entity_id = ruled.entity_id
        and ruled.ruling_order = 1
where proposed.outage_order = 1
