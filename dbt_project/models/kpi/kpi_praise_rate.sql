-- Grain: one rating that answers a csat survey: 1 when it is the best score of its scale.

select
    'praise_rate' as kpi_id,
    'fct_survey' as evidence_model,
    survey.survey_id as evidence_key,
    'survey' as entity,
    survey.survey_id as entity_id,
    survey.parent_entity,
    survey.parent_entity_id,
    survey.rated_agent_id as agent_id,
    survey.responded_on as event_on,
    cast(coalesce(case when survey.score = survey.scale_max then 1 else 0 end, 0) as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    survey.invalid_reason as exclusion_reason,
    survey.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_survey') }} as survey
where survey.survey_kind = 'csat'
