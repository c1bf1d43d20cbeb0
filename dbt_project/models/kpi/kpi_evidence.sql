-- Grain: one agent, one month, one KPI, one source row.

{# What every KPI shares happens here and only here: rows after the cut or before the first period, rulings on one KPI,
   open windows, crediting to the agent's job history on that day. A row is never filtered: it is counted or set aside
   with a reason. #}

with

candidate as (
    select * from {{ ref('kpi_candidate') }}
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

judged as (
    select
        candidate.kpi_id,
        candidate.evidence_model,
        candidate.evidence_key,
        candidate.agent_id,
        candidate.event_on,
        candidate.numerator,
        candidate.denominator,
        segment.team_id,
        segment.department,
        coalesce(candidate.ruling_id, ruling.ruling_id) as ruling_id,
        case
            when candidate.event_on > run_context.as_of_on then 'future'
            when candidate.event_on < history.first_month_on then 'before_first_period'
            when candidate.exclusion_reason is not null then candidate.exclusion_reason
            when ruling.ruling_id is not null then 'ruling'
            when candidate.is_pending then 'pending'
        end as centre_exclusion_reason,
        case
            when candidate.agent_id is null then 'no_agent'
            when segment.agent_id is null then 'unknown_agent'
        end as crediting_exclusion_reason
    from candidate
    cross join {{ ref('dim_run_context') }} as run_context
    cross join {{ ref('dim_history') }} as history
    left join {{ ref('dim_agent_month_segment') }} as segment
        on
            candidate.agent_id = segment.agent_id
            and {{ month_id('candidate.event_on') }} = segment.month_id
            and candidate.event_on >= segment.first_day_on
            and candidate.event_on <= segment.last_day_on
    left join ruling
        on
            candidate.kpi_id = ruling.kpi_scope
            and candidate.entity = ruling.entity
            and candidate.entity_id = ruling.entity_id
)

select
    agent_id,
    {{ month_id('event_on') }} as month_id,
    kpi_id,
    evidence_model,
    evidence_key,
    event_on,
    team_id,
    department,
    numerator,
    denominator,
    centre_exclusion_reason is null and crediting_exclusion_reason is null as is_counted,
    centre_exclusion_reason is null as is_counted_for_centre,
    -- A row that can never count for its agent is not waiting for anything: crediting goes before an open window.
    case
        when centre_exclusion_reason = 'pending' then coalesce(crediting_exclusion_reason, centre_exclusion_reason)
        else coalesce(centre_exclusion_reason, crediting_exclusion_reason)
    end as exclusion_reason,
    ruling_id
from judged
