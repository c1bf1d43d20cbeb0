-- Grain: one KPI on ratings, one survey response: the ruling that sets it aside, or its place among the newest.

{# A rating follows its contact and its ticket: a ruling on either, in that KPI, reaches it. Of several ratings of one
   contact or ticket the last that can count is the one that counts; what can count depends on the KPI. #}

with

rating_kpi as (
    {% for kpi_id, survey_kind in [('csat', 'csat'), ('csat_rate', 'csat'), ('praise_rate', 'csat'), ('nps', 'nps')] -%}
    select
        '{{ kpi_id }}' as kpi_id,
        '{{ survey_kind }}' as survey_kind
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

ruling as (
    select
        kpi_scope,
        entity,
        entity_id,
        ruling_id
    from {{ ref('fct_ruling') }}
    where is_in_force and kpi_scope <> '*'
),

rating as (
    select
        rating_kpi.kpi_id,
        survey.survey_id,
        survey.responded_at,
        survey.responded_on,
        survey.parent_entity,
        coalesce(survey.parent_entity_id, survey.survey_id) as rated_thing_id,
        coalesce(own_ruling.ruling_id, contact_ruling.ruling_id, ticket_ruling.ruling_id) as ruling_id
    from {{ ref('fct_survey') }} as survey
    inner join rating_kpi
        on survey.survey_kind = rating_kpi.survey_kind
    left join ruling as own_ruling
        on
            rating_kpi.kpi_id = own_ruling.kpi_scope
            and own_ruling.entity = 'survey'
            and survey.survey_id = own_ruling.entity_id
    left join ruling as contact_ruling
        on
            rating_kpi.kpi_id = contact_ruling.kpi_scope
            and contact_ruling.entity = 'contact'
            and survey.contact_id = contact_ruling.entity_id
    left join ruling as ticket_ruling
        on
            rating_kpi.kpi_id = ticket_ruling.kpi_scope
            and ticket_ruling.entity = 'ticket'
            and survey.ticket_id = ticket_ruling.entity_id
    where survey.is_valid and not survey.is_future
),

placed as (
    select
        kpi_id,
        survey_id,
        responded_on,
        ruling_id,
        case
            when ruling_id is null
                then row_number() over (
                    partition by kpi_id, parent_entity, rated_thing_id, ruling_id
                    order by responded_at desc nulls last, survey_id desc nulls last
                )
        end as rating_recency
    from rating
)

select *
from placed
where ruling_id is not null or rating_recency > 1
