-- Grain: one lead: fields collected of those required.
-- Reads: crm.lead.agent_id, crm.lead.required_fields, crm.lead.completed_fields.

select
    'lead_completeness' as kpi_id,
    'fct_lead' as evidence_model,
    lead.lead_id as evidence_key,
    'lead' as entity,
    lead.lead_id as entity_id,
    lead.agent_id as agent_id,
    lead.created_on as event_on,
    cast(coalesce(lead.completed_field_count, 0) as decimal(18, 6)) as numerator,
    cast(lead.required_field_count as bigint) as denominator,
    lead.invalid_reason as exclusion_reason,
    lead.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_lead') }} as lead
where lead.required_field_count > 0
