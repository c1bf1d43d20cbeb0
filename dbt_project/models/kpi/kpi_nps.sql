-- Grain: one rating that answers an nps survey: +100 promoter, -100 detractor, on the definition's scale.
-- Reads: ticket.survey.kind.

select
    'nps' as kpi_id,
    'fct_survey' as evidence_model,
    survey.survey_id as evidence_key,
    'survey' as entity,
    survey.survey_id as entity_id,
    survey.rated_agent_id as agent_id,
    survey.responded_on as event_on,
    cast(
        case
            when
                cast(survey.score as decimal(20, 6)) * cast(definition.scale_to as decimal(12, 6))
                >= cast(definition.upper_threshold as decimal(12, 6)) * cast(survey.scale_max as decimal(20, 6))
                then definition.unit_scale
            when
                cast(survey.score as decimal(20, 6)) * cast(definition.scale_to as decimal(12, 6))
                <= cast(definition.lower_threshold as decimal(12, 6)) * cast(survey.scale_max as decimal(20, 6))
                then -definition.unit_scale
            else 0
        end as decimal(18, 6)
    ) as numerator,
    cast(1 as bigint) as denominator,
    case
        when survey.invalid_reason is not null then survey.invalid_reason
        when rating.ruling_id is not null then 'ruling'
        when rating.rating_recency > 1 then 'superseded_rating'
    end as exclusion_reason,
    coalesce(survey.ruling_id, rating.ruling_id) as ruling_id,
    false as is_pending
from {{ ref('fct_survey') }} as survey
left join {{ ref('kpi_rating_recency') }} as rating
    on
        rating.kpi_id = 'nps'
        and survey.survey_id = rating.survey_id
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'nps'
        and definition.month_id = {{ month_id('survey.responded_on') }}
where survey.survey_kind = 'nps'
