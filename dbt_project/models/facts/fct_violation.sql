-- Grain: one violation of service rules.

with

violation as (
    select * from {{ ref('stg_ticket__violation') }}
),

set_aside as (
    select * from {{ ref('int_ruling__set_aside') }} where entity = 'violation'
)

select
    violation.violation_id,
    violation.agent_id,
    violation.occurred_at,
    violation.occurred_on,
    violation.kind,
    violation.severity,
    set_aside.ruling_id is null as is_valid,
    case when set_aside.ruling_id is not null then 'ruling' end as invalid_reason,
    set_aside.ruling_id,
    violation.load_id,
    violation.source_row_number,
    violation.source_row_hash
from violation
left join set_aside
    on violation.violation_id = set_aside.entity_id
