-- Grain: one rating that answers an nps survey: +100 promoter, -100 detractor, on the definition's scale.

select
    'nps' as kpi_id,
    'fct_survey' as evidence_model,
    survey.survey_id as evidence_key,
    'survey' as entity,
    survey.survey_id as entity_id,
    survey.parent_entity,
    survey.parent_entity_id,
    survey.rated_agent_id as agent_id,
    survey.responded_on as event_on,
    cast(coalesce(case
            when survey.score * definition.scale_to >= definition.upper_threshold * survey.scale_max then definition.unit_scale
            when survey.score * definition.scale_to <= definition.lower_threshold * survey.scale_max then -definition.unit_scale
            else 0
        end, 0) as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    survey.invalid_reason as exclusion_reason,
    survey.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_survey') }} as survey
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'nps'
        and definition.month_id = {{ month_id('survey.responded_on') }}
where survey.survey_kind = 'nps'
