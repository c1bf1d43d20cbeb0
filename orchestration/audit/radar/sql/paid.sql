-- One signal that may serve what a plan pays by in the period, in the queue shown: of anybody, or of one agent.
select distinct pair.signal_id
from facts.dim_agent_month_segment as segment
inner join policy.policy_radar_pair as pair
    on segment.month_id = pair.month_id and segment.scheme_id = pair.scheme_id and pair.role in (segment.role, '*')
inner join facts.dim_period_month as month on segment.month_id = month.month_id
inner join facts.dim_agent_period as place
    on
        segment.agent_id = place.agent_id and month.period_id = place.period_id
        and coalesce(segment.role, '') = coalesce(place.role, '')
        and coalesce(segment.customer_group, '') = coalesce(place.customer_group, '')
where month.period_id = $period and (segment.agent_id = $agent or $agent is null)
order by pair.signal_id
