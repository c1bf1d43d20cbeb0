-- event = sum of counted evidence
-- in: bonus.bonus_event
with standing as (
    select event_kind, period_id, level, source_tables from {policy.policy_event_kind}
    where is_standing
),
events as (
    select event.agent_id, segment.period_id, segment.segment_no, event_kind, sum(quantity)
        as quantity,
        count(*) as row_count, min(event_on) as first_event_on, 'bonus_evidence' as input_model
    from {bonus.bonus_evidence} as event
    inner join {facts.dim_period_month} as months using (month_id)
    inner join {facts.dim_agent_period_segment} as segment on event.agent_id = segment.agent_id
        and months.period_id = segment.period_id
        and event_on between segment.first_day_on and segment.last_day_on
    where is_counted group by all
    union all
    -- What holds of every month: being in service, or at a level; and how the agent was rated.
    select agent_id, period_id, segment_no, event_kind, count(*), count(*), null,
        'dim_agent_period_segment'
    from {facts.dim_agent_period_segment} as segment
    inner join {facts.dim_period_month} using (period_id)
    inner join standing using (period_id)
    where segment.level = standing.level
        or (standing.level is null and source_tables = 'workforce.agent')
    group by all
    union all
    select agent_id, period_id, segment_no, event_kind, sum(value), sum(denominator), null,
        'score_rating'
    from {facts.dim_agent_period_segment}
    inner join {facts.dim_period_month} as months using (period_id)
    inner join standing using (period_id)
    inner join (select * rename (period_id as month_id) from {score.score_rating}) as rating
        using (agent_id, month_id)
    where event_kind = dimension || '_score' group by all
)
select events.* from events
where (period_id, event_kind) in (select (period_id, event_kind) from {policy.policy_event_kind})
