-- Grain: one reference from one export to another: the share of references that lead nowhere.

with

link as (
    select
        'survey to contact' as link_name,
        contact.contact_id is null as is_broken
    from facts.fct_survey as survey
    left join facts.fct_contact as contact
        on survey.parent_entity_id = contact.contact_id
    where survey.parent_entity = 'contact'
    union all
    select
        'survey to ticket' as link_name,
        ticket.ticket_id is null as is_broken
    from facts.fct_survey as survey
    left join facts.fct_ticket as ticket
        on survey.parent_entity_id = ticket.ticket_id
    where survey.parent_entity = 'ticket'
    union all
    select
        'contact to ticket' as link_name,
        ticket.ticket_id is null as is_broken
    from facts.fct_contact as contact
    left join facts.fct_ticket as ticket
        on contact.ticket_id = ticket.ticket_id
    where contact.ticket_id is not null
    union all
    select
        'quality review to contact' as link_name,
        contact.contact_id is null as is_broken
    from facts.fct_quality_review as review
    left join facts.fct_contact as contact
        on review.contact_id = contact.contact_id
    where review.contact_id is not null
    union all
    select
        'job history to team' as link_name,
        team.team_id is null as is_broken
    from facts.dim_agent_segment as segment
    left join facts.dim_team as team
        on segment.team_id = team.team_id
    where segment.team_id is not null
    union all
    select
        'attendance to agent' as link_name,
        agent.agent_id is null as is_broken
    from facts.fct_attendance as attendance
    left join facts.dim_agent as agent
        on attendance.agent_id = agent.agent_id
    union all
    select
        'rating to agent' as link_name,
        agent.agent_id is null as is_broken
    from facts.fct_rating as rating
    left join facts.dim_agent as agent
        on rating.agent_id = agent.agent_id
    union all
    select
        'target to agent' as link_name,
        agent.agent_id is null as is_broken
    from facts.fct_target as target
    left join facts.dim_agent as agent
        on target.agent_id = agent.agent_id
)

select
    link_name as subject,
    case when count(*) >= {min_links} then count_if(is_broken) / count(*) end as broken_share
from link
group by link_name
