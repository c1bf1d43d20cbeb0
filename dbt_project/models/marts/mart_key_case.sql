-- Grain: one complaint whose rating is low enough to be listed for the supervisor (CD-04), one rating.

with

rule as (
    select
        period_id,
        scheme_id,
        value as max_csat,
        clause_id
    from {{ ref('policy_scheme_rule') }}
    where parameter = 'key_case_max_csat' and period_kind = 'month'
),

rated as (
    select
        evidence.month_id,
        evidence.agent_id,
        evidence.evidence_key as survey_id,
        evidence.numerator as csat,
        survey.responded_on,
        survey.responded_at,
        -- The ticket that the rating names itself, else that of the contact it rates.
        coalesce(survey.ticket_id, contact.ticket_id) as ticket_id
    from {{ ref('kpi_evidence') }} as evidence
    inner join {{ ref('fct_survey') }} as survey
        on evidence.evidence_key = survey.survey_id
    -- One equal key: with a condition on the survey beside it every pair would be looked at.
    left join {{ ref('fct_contact') }} as contact
        on case when survey.parent_entity = 'contact' then survey.parent_entity_id end = contact.contact_id
    where evidence.kpi_id = 'csat' and evidence.is_counted
)

select
    'month' as period_kind,
    rated.month_id as period_id,
    agent.scheme_id,
    cast(row_number() over (
        partition by rated.month_id, agent.scheme_id
        order by rated.csat asc nulls last, rated.responded_at asc nulls last, rated.survey_id asc nulls last
    ) as bigint) as case_no,
    rated.agent_id,
    agent.team_id,
    rated.ticket_id,
    ticket.category,
    rated.survey_id,
    rated.responded_on,
    rated.csat,
    rule.max_csat,
    rule.clause_id
from rated
inner join {{ ref('fct_ticket') }} as ticket
    on
        rated.ticket_id = ticket.ticket_id
        and ticket.ticket_type = 'complaint'
        and ticket.is_valid
inner join {{ ref('dim_agent_period') }} as agent
    on
        rated.agent_id = agent.agent_id
        and rated.month_id = agent.period_id
inner join rule
    on
        rated.month_id = rule.period_id
        and agent.scheme_id = rule.scheme_id
where rated.csat <= rule.max_csat
