-- Grain: one KPI, one day, one agent on one team, one standing: how many evidence rows, and what they add.

select
    kpi_id,
    evidence_model,
    event_on,
    month_id,
    agent_id,
    team_id,
    department,
    is_counted,
    is_counted_for_centre,
    exclusion_reason,
    cast(sum(numerator) as decimal(24, 6)) as numerator,
    cast(sum(denominator) as bigint) as denominator,
    cast(count(*) as bigint) as row_count,
    cast(count(ruling_id) as bigint) as ruled_row_count
from {{ ref('kpi_evidence') }}
group by
    kpi_id,
    evidence_model,
    event_on,
    month_id,
    agent_id,
    team_id,
    department,
    is_counted,
    is_counted_for_centre,
    exclusion_reason
