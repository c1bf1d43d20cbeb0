-- Grain: one rating that answers a csat survey: 1 when it is satisfied.
-- Reads: no optional column.

select
    'csat_rate' as kpi_id,
    'fct_survey' as evidence_model,
    survey.survey_id as evidence_key,
    'survey' as entity,
    survey.survey_id as entity_id,
    survey.rated_agent_id as agent_id,
    survey.responded_on as event_on,
    cast(
        case
            when
                survey.score
                >= cast(definition.share_threshold as decimal(12, 6)) * cast(survey.scale_max as decimal(20, 6))
                then 1
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
        rating.kpi_id = 'csat_rate'
        and survey.survey_id = rating.survey_id
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'csat_rate'
        and definition.month_id = {{ month_id('survey.responded_on') }}
where survey.survey_kind = 'csat'
