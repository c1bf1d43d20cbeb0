-- Grain: one agent, one period in which a plan held has a score: the plan and role that the agent is scored under.

{# S-MOVE: once per period, under the last plan and role held in it whose plan has a score for such a period. #}

with

scoring_plan as (
    select
        period_id,
        scheme_id
    from {{ ref('policy_score_kpi') }}
    group by period_id, scheme_id
),

held as (
    select
        segment.*,
        row_number() over (
            partition by segment.agent_id, segment.period_id order by segment.segment_no desc nulls last
        ) as recency
    from {{ ref('dim_agent_period_segment') }} as segment
    inner join scoring_plan
        on
            segment.period_id = scoring_plan.period_id
            and segment.scheme_id = scoring_plan.scheme_id
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    role,
    team_id,
    last_day_on
from held
where recency = 1
