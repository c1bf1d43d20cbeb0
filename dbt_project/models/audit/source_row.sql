-- Grain: one fact row: the line of the export file it came from.

with

fact_row as (
    select
        'dim_agent_segment' as evidence_model,
        agent_id || ':' || cast(effective_from_on as string) as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('dim_agent_segment') }}
    union all
    select
        'dim_team' as evidence_model,
        team_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('dim_team') }}
    union all
    select
        'fct_attendance' as evidence_model,
        agent_id || ':' || cast(worked_on as string) as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_attendance') }}
    union all
    select
        'fct_rating' as evidence_model,
        rating_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_rating') }}
    union all
    select
        'fct_collaboration' as evidence_model,
        collaboration_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_collaboration') }}
    union all
    select
        'fct_recognition' as evidence_model,
        recognition_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_recognition') }}
    union all
    select
        'fct_exam' as evidence_model,
        agent_id || ':' || exam || ':' || cast(taken_on as string) as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_exam') }}
    union all
    select
        'fct_target' as evidence_model,
        agent_id || ':' || period_id || ':' || metric as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_target') }}
    union all
    select
        'fct_ticket' as evidence_model,
        ticket_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_ticket') }}
    union all
    select
        'fct_contact' as evidence_model,
        contact_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_contact') }}
    union all
    select
        'fct_survey' as evidence_model,
        survey_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_survey') }}
    union all
    select
        'fct_quality_review' as evidence_model,
        review_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_quality_review') }}
    union all
    select
        'fct_violation' as evidence_model,
        violation_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_violation') }}
    union all
    select
        'fct_lead' as evidence_model,
        lead_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_lead') }}
    union all
    select
        'fct_order' as evidence_model,
        order_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_order') }}
    union all
    select
        'fct_ruling' as evidence_model,
        ruling_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_ruling') }}
    union all
    select
        'fct_sign_off' as evidence_model,
        period_id || ':' || reviewer_id as evidence_key,
        load_id,
        source_row_number,
        source_row_hash
    from {{ ref('fct_sign_off') }}
)

select
    fact_row.evidence_model,
    fact_row.evidence_key,
    load_file.file,
    fact_row.source_row_number as row_number,
    fact_row.source_row_hash as row_hash,
    fact_row.load_id
from fact_row
left join {{ ref('fct_load') }} as load_file
    on
        fact_row.load_id = load_file.load_id
        and load_file.status = 'loaded'
