-- One agent and signal of a period, with the KPIs it may serve and how the counter-KPI stands.
with counter as (
    select
        observation.agent_id, observation.kpi_id, observation.value,
        quantile_disc(observation.value, 0.5) over (
            partition by place.role, place.customer_group, observation.kpi_id
        ) as middle_value
    from kpi.kpi_observation as observation
    inner join facts.dim_agent_period as place
        on observation.agent_id = place.agent_id and observation.period_id = place.period_id
    where observation.period_id = $period and observation.value is not null
)
select
    radar.agent_id, radar.team_id, radar.scheme_id, radar.role, radar.customer_group, radar.signal_id,
    radar.numerator, radar.denominator, radar.rate, radar.peer_count, radar.peer_low_rate, radar.peer_middle_rate,
    radar.peer_high_rate, radar.surprise, radar.status,
    radar.paid_id, radar.paid_name_en, radar.paid_name_zh,
    radar.counter_kpi_id, radar.counter_name_en, radar.counter_name_zh,
    counter.value as counter_value, counter.middle_value as counter_middle
from marts.mart_kpi_radar as radar
left join counter on radar.agent_id = counter.agent_id and radar.counter_kpi_id = counter.kpi_id
where radar.period_id = $period and (radar.agent_id = $agent or $agent is null)
order by radar.surprise desc nulls last, radar.agent_id, radar.paid_id
