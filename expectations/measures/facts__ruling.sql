-- Grain: one kind of row that rulings name: rulings on rows that no export has.

with

entity as (
    select 'ticket' as entity, ticket_id as entity_id from facts.fct_ticket
    union all
    select 'contact' as entity, contact_id as entity_id from facts.fct_contact
    union all
    select 'survey' as entity, survey_id as entity_id from facts.fct_survey
    union all
    select 'quality_review' as entity, review_id as entity_id from facts.fct_quality_review
    union all
    select 'violation' as entity, violation_id as entity_id from facts.fct_violation
    union all
    select 'order' as entity, order_id as entity_id from facts.fct_order
    union all
    select 'lead' as entity, lead_id as entity_id from facts.fct_lead
)

select
    ruling.entity as subject,
    count_if(entity.entity_id is null) as aimless_ruling_count
from facts.fct_ruling as ruling
left join entity
    on
        ruling.entity = entity.entity
        and ruling.entity_id = entity.entity_id
where ruling.decision = 'approved'
group by ruling.entity
