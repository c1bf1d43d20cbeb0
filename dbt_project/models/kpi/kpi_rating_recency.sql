-- Grain: one KPI on ratings, one survey response that can count in it: 1 for the last of one contact or ticket.

{# Of several ratings of one contact or ticket the last that can count is the one that counts. What can count depends on
   the KPI: a ruling may set a rating aside from one KPI alone. #}

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
        entity_id
    from {{ ref('fct_ruling') }}
    where is_in_force and kpi_scope <> '*'
),

countable as (
    select
        rating_kpi.kpi_id,
        survey.survey_id,
        survey.responded_at,
        survey.parent_entity,
        coalesce(survey.parent_entity_id, survey.survey_id) as rated_thing_id
    from {{ ref('fct_survey') }} as survey
    inner join rating_kpi
        on survey.survey_kind = rating_kpi.survey_kind
    left join ruling as own_ruling
        on
            rating_kpi.kpi_id = own_ruling.kpi_scope
            and own_ruling.entity = 'survey'
            and survey.survey_id = own_ruling.entity_id
    left join ruling as parent_ruling
        on
            rating_kpi.kpi_id = parent_ruling.kpi_scope
            and survey.parent_entity = parent_ruling.entity
            and survey.parent_entity_id = parent_ruling.entity_id
    where
        survey.is_valid
        and not survey.is_future
        and own_ruling.entity_id is null
        and parent_ruling.entity_id is null
)

select
    kpi_id,
    survey_id,
    row_number() over (
        partition by kpi_id, parent_entity, rated_thing_id
        order by responded_at desc nulls last, survey_id desc nulls last
    ) as rating_recency
from countable
