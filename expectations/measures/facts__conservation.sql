-- Grain: one table of the export contract: rows loaded that are no fact, and rows of no account.

with

fact as (
    select 'ticket.ticket' as table_name, count(*) as row_count from facts.fct_ticket
    union all
    select 'ticket.contact' as table_name, count(*) as row_count from facts.fct_contact
    union all
    select 'ticket.survey' as table_name, count(*) as row_count from facts.fct_survey
    union all
    select 'ticket.quality_review' as table_name, count(*) as row_count from facts.fct_quality_review
    union all
    select 'ticket.violation' as table_name, count(*) as row_count from facts.fct_violation
    union all
    select 'crm.lead' as table_name, count(*) as row_count from facts.fct_lead
    union all
    select 'crm.order' as table_name, count(*) as row_count from facts.fct_order
    union all
    select 'workforce.attendance' as table_name, count(*) as row_count from facts.fct_attendance
    union all
    select 'workforce.rating' as table_name, count(*) as row_count from facts.fct_rating
    union all
    select 'workforce.collaboration' as table_name, count(*) as row_count from facts.fct_collaboration
    union all
    select 'workforce.recognition' as table_name, count(*) as row_count from facts.fct_recognition
    union all
    select 'workforce.exam' as table_name, count(*) as row_count from facts.fct_exam
    union all
    select 'workforce.target' as table_name, count(*) as row_count from facts.fct_target
    union all
    select 'workforce.agent' as table_name, count(*) as row_count from facts.fct_job_row
    union all
    select 'workforce.team' as table_name, count(*) as row_count from facts.dim_team
    union all
    select 'governance.ruling' as table_name, count(*) as row_count from facts.fct_ruling
    union all
    select 'governance.sign_off' as table_name, count(*) as row_count from facts.fct_sign_off
)

select
    reconciliation.table_name as subject,
    case
        when reconciliation.loaded_row_count > 0 or fact.row_count > 0
            then abs(reconciliation.loaded_row_count - fact.row_count)
    end as lost_row_count,
    case
        when reconciliation.row_count > 0
            then
                abs(
                    reconciliation.row_count - reconciliation.loaded_row_count
                    - reconciliation.superseded_row_count - reconciliation.rejected_row_count
                )
    end as unaccounted_row_count
from audit.reconciliation as reconciliation
left join fact
    on reconciliation.table_name = fact.table_name
