-- Grain: one quality review with a score.
-- Reads: ticket.quality_review.score.

select
    'qa_score' as kpi_id,
    'fct_quality_review' as evidence_model,
    review.review_id as evidence_key,
    'quality_review' as entity,
    review.review_id as entity_id,
    review.agent_id as agent_id,
    review.reviewed_on as event_on,
    cast(coalesce(review.score, 0) as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    case
        when review.invalid_reason is not null then review.invalid_reason
        when review.score < 0 or review.score > definition.scale_to then 'score_out_of_range'
    end as exclusion_reason,
    review.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_quality_review') }} as review
left join {{ ref('policy_kpi') }} as definition
    on
        definition.kpi_id = 'qa_score'
        and definition.month_id = {{ month_id('review.reviewed_on') }}
where review.score is not null
