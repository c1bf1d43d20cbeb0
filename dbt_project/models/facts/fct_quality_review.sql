-- Grain: one quality review.

with

review as (
    select * from {{ ref('stg_ticket__quality_review') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'quality_review'
)

select
    review.review_id,
    review.agent_id,
    review.reviewed_at,
    review.reviewed_on,
    review.score,
    review.is_passed,
    review.deduction as deduction_points,
    review.dimension,
    review.contact_id,
    review.reviewer_id,
    set_aside.ruling_id is null as is_valid,
    case when set_aside.ruling_id is not null then 'ruling' end as invalid_reason,
    set_aside.ruling_id,
    review.load_id,
    review.source_row_number,
    review.source_row_hash
from review
left join set_aside
    on review.review_id = set_aside.entity_id
