-- Grain: one quality review with a verdict: 1 when passed.
-- Reads: ticket.quality_review.is_passed.

select
    'qa_pass_rate' as kpi_id,
    'fct_quality_review' as evidence_model,
    review.review_id as evidence_key,
    'quality_review' as entity,
    review.review_id as entity_id,
    review.agent_id as agent_id,
    review.reviewed_on as event_on,
    cast(case when review.is_passed then 1 else 0 end as decimal(18, 6)) as numerator,
    cast(1 as bigint) as denominator,
    review.invalid_reason as exclusion_reason,
    review.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_quality_review') }} as review
where review.is_passed is not null
