-- observation of the own days = observation of the month, or its evidence
-- in: bonus.bonus_own_observation
with own_month as (
    select due.agent_id, due.period_id, due.component_id, segment.month_id,
        sum(segment.day_count) as own_day_count, list(segment.segment_no) as segments
    from {bonus.bonus_due} as due
    inner join {facts.dim_period_month} as months using (period_id)
    inner join {facts.dim_agent_month_segment} as segment
        on due.agent_id = segment.agent_id and months.month_id = segment.month_id
        and is_own(due.scheme_id, due.component_role, segment.scheme_id, segment.role)
    group by all
),
-- Which KPI a component reads is the same for all to whom it is due.
asked as (
    select own_month.*, kpi.kpi_id, service_day_count, numerator, denominator, is_sum,
        own_day_count < service_day_count as is_part
    from own_month
    inner join (
        select distinct component_id, period_id, kpi_id, is_sum from {bonus.bonus_own_observation}
    ) as kpi using (component_id, period_id)
    inner join {facts.dim_agent_period} as place
        on own_month.agent_id = place.agent_id and month_id = place.period_id
    inner join {kpi.kpi_observation} as observation on own_month.agent_id = observation.agent_id
        and month_id = observation.period_id and kpi.kpi_id = observation.kpi_id
),
part as (
    select asked.agent_id, asked.period_id, component_id, asked.kpi_id, asked.month_id,
        sum(evidence.numerator) as numerator, sum(evidence.denominator) as denominator
    from asked
    inner join {facts.dim_agent_month_segment} as segment on asked.agent_id = segment.agent_id
        and asked.month_id = segment.month_id and list_contains(segments, segment.segment_no)
    inner join {kpi.kpi_evidence} as evidence on asked.agent_id = evidence.agent_id and is_counted
        and asked.kpi_id = evidence.kpi_id and event_on between first_day_on and last_day_on
    where is_part group by all
)
select asked.* exclude (segments, numerator, denominator, is_part),
    case when is_part then coalesce(part.numerator, 0) else asked.numerator end as numerator,
    case when is_part and not is_sum then coalesce(part.denominator, 0) else asked.denominator end
        as denominator
from asked left join part using (agent_id, period_id, component_id, kpi_id, month_id)
