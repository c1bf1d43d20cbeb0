-- Grain: one cross-team support: its rating.
-- Reads: no optional column.

select
    'collaboration_score' as kpi_id,
    'fct_collaboration' as evidence_model,
    support.collaboration_id as evidence_key,
    'collaboration' as entity,
    support.collaboration_id as entity_id,
    support.agent_id as agent_id,
    support.occurred_on as event_on,
    cast(coalesce(support.rating, 0) as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    case
        when support.rating < 0 or support.rating > definition.scale_to then 'score_out_of_range'
    end as exclusion_reason,
    cast(null as string) as ruling_id,
    false as is_pending
from {{ ref('fct_collaboration') }} as support
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'collaboration_score'
        and definition.month_id = {{ month_id('support.occurred_on') }}
