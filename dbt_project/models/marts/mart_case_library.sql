-- Grain: one accepted excellent case (CD-05).

select
    recognition.recognition_id,
    recognition.agent_id,
    place.team_id,
    place.department,
    place.scheme_id,
    recognition.occurred_on,
    {{ month_id('recognition.occurred_on') }} as period_id,
    'CD-05' as clause_id
from {{ ref('fct_recognition') }} as recognition
left join {{ ref('dim_agent_period') }} as place
    on
        recognition.agent_id = place.agent_id
        and place.period_id = {{ month_id('recognition.occurred_on') }}
cross join {{ ref('dim_run_context') }} as run_context
where
    recognition.kind = 'excellent_case'
    and recognition.status = 'accepted'
    and recognition.occurred_on <= run_context.as_of_on
