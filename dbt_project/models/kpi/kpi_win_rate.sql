-- Grain: one lead won or lost: 1 when won.
-- Reads: crm.lead.agent_id, crm.lead.closed_at.

select
    'win_rate' as kpi_id,
    'fct_lead' as evidence_model,
    lead.lead_id as evidence_key,
    'lead' as entity,
    lead.lead_id as entity_id,
    lead.agent_id as agent_id,
    coalesce(lead.closed_on, lead.created_on) as event_on,
    cast(case when lead.stage = 'won' then 1 else 0 end as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    case
        when lead.invalid_reason is not null then lead.invalid_reason
        when lead.closed_on is null then 'no_close_time'
    end as exclusion_reason,
    lead.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_lead') }} as lead
where lead.stage in ('won', 'lost')
