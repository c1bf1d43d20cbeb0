-- Grain: one signal of the radar: agents whom it asks to look at, in the newest ended month or the quarter or year of it.

with

newest as (
    select max(starts_on) as month_on
    from facts.dim_period
    where period_kind = 'month' and has_ended
),

seen as (
    select
        radar.signal_id,
        radar.agent_id,
        radar.status
    from marts.mart_kpi_radar as radar
    inner join facts.dim_period as period
        on radar.period_id = period.period_id
    cross join newest
    where newest.month_on between period.starts_on and period.ends_on
)

select
    signal.label_en as subject,
    case
        when count_if(seen.status in ('hit', 'usual')) > 0
            then count(distinct seen.agent_id) filter (where seen.status = 'hit')
    end as radar_hit_count
from policy.policy_radar_signal as signal
left join seen
    on signal.signal_id = seen.signal_id
group by signal.signal_id, signal.label_en
