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
    -- Counts that cannot be are set aside; their value, whatever it is, must not overflow.
    cast(
        case when lead.has_fields_out_of_range then 0 else coalesce(lead.completed_field_count, 0) end as decimal(18, 6)
    ) as numerator,
    cast(greatest(coalesce(lead.required_field_count, 0), 0) as bigint) as denominator,
    case
        when lead.invalid_reason is not null then lead.invalid_reason
        when lead.has_fields_out_of_range then 'fields_out_of_range'
    end as exclusion_reason,
    lead.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_lead') }} as lead
where lead.required_field_count > 0 or lead.has_fields_out_of_range
