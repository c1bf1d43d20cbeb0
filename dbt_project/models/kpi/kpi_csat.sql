-- Grain: one rating that answers a csat survey: its score on the definition's scale.

select
    'csat' as kpi_id,
    'fct_survey' as evidence_model,
    survey.survey_id as evidence_key,
    'survey' as entity,
    survey.survey_id as entity_id,
    survey.parent_entity,
    survey.parent_entity_id,
    survey.rated_agent_id as agent_id,
    survey.responded_on as event_on,
    cast(coalesce({{ ratio('survey.score * definition.scale_to', 'survey.scale_max') }}, 0) as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    survey.invalid_reason as exclusion_reason,
    survey.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_survey') }} as survey
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'csat'
        and definition.month_id = {{ month_id('survey.responded_on') }}
where survey.survey_kind = 'csat'
