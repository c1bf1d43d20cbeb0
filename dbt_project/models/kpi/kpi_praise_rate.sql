-- Grain: one rating that answers a csat survey: 1 when it is the best score of its scale.
-- Reads: no optional column.

select
    'praise_rate' as kpi_id,
    'fct_survey' as evidence_model,
    survey.survey_id as evidence_key,
    'survey' as entity,
    survey.survey_id as entity_id,
    survey.rated_agent_id as agent_id,
    survey.responded_on as event_on,
    cast(case when survey.score = survey.scale_max then 1 else 0 end as decimal(18, 6)) as numerator,
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
        rating.kpi_id = 'praise_rate'
        and survey.survey_id = rating.survey_id
where survey.survey_kind = 'csat'
