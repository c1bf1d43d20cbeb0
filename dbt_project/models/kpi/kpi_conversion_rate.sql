-- Grain: one lead: 1 when won within the window after its creation.
-- Reads: crm.lead.agent_id, crm.lead.closed_at.

select
    'conversion_rate' as kpi_id,
    'fct_lead' as evidence_model,
    lead.lead_id as evidence_key,
    'lead' as entity,
    lead.lead_id as entity_id,
    lead.agent_id as agent_id,
    lead.created_on as event_on,
    cast(
        case
            when
                lead.stage = 'won'
                and (
                    lead.closed_at = lead.created_at
                    or {{ is_within_days('lead.created_at', 'lead.closed_at', 'definition.window_days') }}
                )
                then 1
            else 0
        end as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    case
        when lead.invalid_reason is not null then lead.invalid_reason
        when lead.has_close_before_creation then 'close_before_creation'
    end as exclusion_reason,
    lead.ruling_id as ruling_id,
    not {{ has_elapsed('lead.created_at', 'definition.window_days', 'run_context.cut_at') }} as is_pending
from {{ ref('fct_lead') }} as lead
cross join {{ ref('dim_run_context') }} as run_context
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'conversion_rate'
        and definition.month_id = {{ month_id('lead.created_on') }}
