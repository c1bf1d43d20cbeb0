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
    review.invalid_reason as exclusion_reason,
    review.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_quality_review') }} as review
where review.score is not null
