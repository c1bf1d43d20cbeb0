-- Grain: one row of the job history as exported, with the days of service that it gives.

with

run_context as (
    select as_of_on from {{ ref('dim_run_context') }}
),

job_row as (
    select
        exported.*,
        exported.effective_from > run_context.as_of_on as is_future,
        min(exported.effective_from) over (partition by exported.agent_id) as first_from_on,
        run_context.as_of_on
    from {{ ref('stg_workforce__agent') }} as exported
    cross join run_context
),

hired as (
    select
        *,
        coalesce(
            left_on < coalesce(hired_on, case when first_from_on < effective_from then first_from_on end), false
        ) as has_left_before_hired
    from job_row
),

-- S-ASOF: a leaving date after the business date is not known yet; one before hiring, or where nothing is said of that
-- before the first row of the history, is none.
dated as (
    select
        *,
        case when left_on <= as_of_on and not has_left_before_hired then left_on end as known_left_on,
        lag(effective_from) over (
            partition by agent_id, is_future order by effective_from asc nulls last
        ) as previous_from_on,
        lead(effective_from) over (
            partition by agent_id, is_future order by effective_from asc nulls last
        ) as next_from_on
    from hired
),

-- A row that begins after its own leaving date says when the service before it ended, and gives none itself.
closing as (
    select
        *,
        coalesce(known_left_on < effective_from, false) as is_after_leaving,
        lead(case when known_left_on < effective_from then known_left_on end) over (
            partition by agent_id, is_future order by effective_from asc nulls last
        ) as next_left_on
    from dated
),

started as (
    select
        *,
        greatest(effective_from, coalesce(hired_on, effective_from)) as starts_on
    from closing
),

bounded as (
    select
        *,
        least(
            coalesce(next_from_on, cast('9999-12-31' as date)),
            coalesce({{ add_days('known_left_on', 1) }}, cast('9999-12-31' as date)),
            coalesce(
                case when next_left_on >= starts_on then {{ add_days('next_left_on', 1) }} end,
                cast('9999-12-31' as date)
            )
        ) as ends_before_on
    from started
),

judged as (
    select
        *,
        case
            when is_future then 'future'
            when is_after_leaving then 'after_leaving'
            when hired_on > as_of_on then 'not_hired_yet'
            when starts_on >= ends_before_on then 'overtaken'
        end as no_service_reason
    from bounded
)

select
    agent_id,
    effective_from as effective_from_on,
    case when no_service_reason is null then starts_on end as service_from_on,
    case when no_service_reason is null then ends_before_on end as service_to_on,
    no_service_reason,
    has_left_before_hired,
    -- A leaver's row may begin on the day after the last one in service, where a row before it tells of the service.
    is_after_leaving
    and not is_future
    and (
        previous_from_on is null
        or previous_from_on > known_left_on
        or effective_from > {{ add_days('known_left_on', 1) }}
    ) as has_start_after_leaving,
    -- Somebody who was in service before cannot be hired later only.
    not is_future and previous_from_on is not null and coalesce(hired_on > as_of_on, false) as has_hire_after_start,
    agent_name,
    team_id,
    department,
    role,
    customer_group,
    level,
    employment,
    education,
    hired_on,
    left_on,
    known_left_on,
    cast(base_salary as decimal(18, 2)) as base_salary_cny,
    scheme_id,
    load_id,
    source_row_number,
    source_row_hash
from judged
