{# How observations become score lines and lines a total. Months and quarters are scored first, years after them: a
   year's score may rest on its quarters' totals. One text, two models. #}

{# S-CURVE: points of `value` on the curve of a row with orientation, floor_value, target_value, stretch_value,
   target_points and stretch_points. One text for what is scored and for what another value would score. #}
{% macro curve_points(value) -%}
case
            when orientation * ({{ value }} - floor_value) <= 0 then 0
            when orientation * ({{ value }} - target_value) < 0
                then {{ ratio(
                    'cast(orientation * (' ~ value ~ ' - floor_value) as decimal(20, 6))'
                    ~ ' * cast(target_points as decimal(9, 0))',
                    'orientation * (target_value - floor_value)',
                    scale=4
                ) }}
            when stretch_value is null then target_points
            when orientation * ({{ value }} - stretch_value) >= 0 then stretch_points
            else target_points + {{ ratio(
                'cast(orientation * (' ~ value ~ ' - target_value) as decimal(20, 6))'
                ~ ' * cast(stretch_points - target_points as decimal(9, 0))',
                'orientation * (stretch_value - target_value)',
                scale=4
            ) }}
        end
{%- endmacro %}

{# S-CURVE and S-MISSING over the measures of `observation`, for periods of the kinds given.
   Grain: one agent, one period, one measure that the agent's plan scores. #}
{% macro score_lines(observation, period_kinds) %}
with

due as (
    select
        agent.period_kind,
        agent.period_id,
        agent.agent_id,
        agent.scheme_id,
        agent.role,
        scored.block,
        scored.block_weight,
        scored.kpi_id,
        scored.kpi_weight,
        scored.min_sample,
        scored.floor_value,
        scored.target_value,
        scored.stretch_value,
        scored.effective_from_on,
        scored.clause_id,
        scored.value_origin,
        observation.value,
        observation.numerator,
        observation.denominator,
        absent.subject_id is not null as is_absent,
        coalesce(observation.maturity, case when period.has_ended then 'final' else 'provisional' end) as maturity,
        -- What weighs nothing is not scored: it must not keep a score alive on its own.
        observation.value is not null
        and observation.denominator >= scored.min_sample
        and scored.block_weight > 0
        and scored.kpi_weight > 0 as is_scored
    from {{ ref('score_place') }} as agent
    inner join {{ ref('dim_period') }} as period
        on agent.period_id = period.period_id
    inner join {{ ref('policy_score_kpi') }} as scored
        on
            agent.period_id = scored.period_id
            and agent.scheme_id = scored.scheme_id
            and (agent.role = scored.role or scored.role = '*')
    left join {{ observation }} as observation
        on
            agent.agent_id = observation.agent_id
            and agent.period_id = observation.period_id
            and scored.kpi_id = observation.kpi_id
    left join (
        select distinct
            period_id,
            subject_id
        from {{ ref('policy_absent_export') }}
        where subject_kind in ('kpi', 'measure')
    ) as absent
        on
            scored.period_id = absent.period_id
            and scored.kpi_id = absent.subject_id
    where
        agent.period_kind in (
            {% for kind in period_kinds %}'{{ kind }}'{% if not loop.last %}, {% endif %}{% endfor %}
        )
),

-- S-MISSING, inside the block: an unscored KPI's weight is spread over the scored ones in proportion.
block_share as (
    select
        agent_id,
        period_id,
        block,
        max(block_weight) as block_weight,
        cast(sum(case when is_scored then kpi_weight else 0 end) as decimal(18, 6)) as scored_kpi_weight
    from due
    group by agent_id, period_id, block
),

-- S-MISSING, between blocks: a block with nothing scored gives its weight to the others in proportion.
total_share as (
    select
        agent_id,
        period_id,
        cast(sum(case when scored_kpi_weight > 0 then block_weight else 0 end) as decimal(18, 6)) as scored_block_weight
    from block_share
    group by agent_id, period_id
),

-- S-CURVE: better is made the larger value, so that one curve serves KPIs of both directions.
oriented as (
    select
        due.*,
        case when due.target_value >= due.floor_value then 1 else -1 end as orientation,
        block_share.scored_kpi_weight,
        total_share.scored_block_weight,
        convention.target_points,
        convention.stretch_points
    from due
    inner join {{ ref('policy_convention') }} as convention
        on due.period_id = convention.period_id
    inner join block_share
        on
            due.agent_id = block_share.agent_id
            and due.period_id = block_share.period_id
            and due.block = block_share.block
    inner join total_share
        on
            due.agent_id = total_share.agent_id
            and due.period_id = total_share.period_id
),

pointed as (
    select
        *,
        case when is_scored then {{ curve_points('value') }} end as points
    from oriented
),

weighted as (
    select
        *,
        cast(
            cast(block_weight as decimal(12, 6)) * cast(kpi_weight as decimal(12, 6)) as decimal(18, 6)
        ) as weight,
        cast(
            case
                when not is_scored then 0
                else
                    cast({{ ratio('kpi_weight', 'scored_kpi_weight', scale=12) }} as decimal(18, 12))
                    * cast({{ ratio('block_weight', 'scored_block_weight', scale=12) }} as decimal(18, 12))
            end as decimal(18, 12)
        ) as effective_weight
    from pointed
)

select
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    block,
    kpi_id,
    numerator,
    denominator,
    value,
    floor_value,
    target_value,
    stretch_value,
    is_scored,
    case
        when is_scored then null
        when is_absent then 'no_export'
        when value is null then 'not_observed'
        when denominator < min_sample then 'below_min_sample'
        else 'weighs_nothing'
    end as unscored_reason,
    {{ points('points') }} as points,
    weight,
    effective_weight,
    cast(
        cast(coalesce(points, 0) as decimal(20, 4)) * cast(effective_weight as decimal(14, 12)) as decimal(24, 12)
    ) as weighted_points,
    maturity,
    effective_from_on,
    clause_id,
    value_origin
from weighted
{% endmacro %}

{# CG-04, CG-05: data score, supervisor and collaboration shares of the agents and periods that have lines in `lines`.
   Grain: one agent, one period. #}
{% macro score_totals(lines) %}
with

data_score as (
    select
        agent_id,
        period_id,
        -- Weights have twelve decimals: the eighth is exact again, so that a tie at the fourth rounds up as it should.
        {{ points('cast(sum(weighted_points) as decimal(24, 8))') }} as data_score,
        count(case when is_scored then 1 end) > 0 as has_score,
        count(case when maturity = 'provisional' then 1 end) > 0 as is_provisional
    from {{ lines }}
    group by agent_id, period_id
),

supervisor as (
    select
        agent_id,
        period_id,
        {{ ratio('numerator', 'denominator', scale=4) }} as supervisor_score
    from {{ ref('score_rating') }}
    where dimension = 'supervisor'
),

collaboration as (
    select
        agent_id,
        period_id,
        {{ points('value') }} as collaboration_score
    from {{ ref('kpi_observation') }}
    where kpi_id = 'collaboration_score' and value is not null
),

joined as (
    select
        agent.period_kind,
        agent.period_id,
        agent.agent_id,
        agent.scheme_id,
        agent.role,
        case when data_score.has_score then data_score.data_score end as data_score,
        data_score.is_provisional,
        case when scheme.supervisor_share is not null then supervisor.supervisor_score end as supervisor_score,
        case
            when scheme.collaboration_share is not null then collaboration.collaboration_score
        end as collaboration_score,
        coalesce(scheme.supervisor_share, 0) as scheme_supervisor_share,
        case
            when supervisor.supervisor_score is null then 0 else coalesce(scheme.supervisor_share, 0)
        end as supervisor_share,
        case
            when collaboration.collaboration_score is null then 0 else coalesce(scheme.collaboration_share, 0)
        end as collaboration_share
    from {{ ref('score_place') }} as agent
    inner join data_score
        on
            agent.agent_id = data_score.agent_id
            and agent.period_id = data_score.period_id
    inner join {{ ref('policy_scheme') }} as scheme
        on
            agent.scheme_id = scheme.scheme_id
            and agent.period_id = scheme.period_id
    left join supervisor
        on
            agent.agent_id = supervisor.agent_id
            and agent.period_id = supervisor.period_id
    left join collaboration
        on
            agent.agent_id = collaboration.agent_id
            and agent.period_id = collaboration.period_id
)

select
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    role,
    data_score,
    supervisor_score,
    collaboration_score,
    supervisor_share,
    collaboration_share,
    {{ points(
        'cast((1 - collaboration_share) as decimal(9, 6))'
        ~ ' * cast(cast((1 - supervisor_share) as decimal(9, 6)) * cast(data_score as decimal(9, 4))'
        ~ ' + cast(supervisor_share as decimal(9, 6)) * cast(coalesce(supervisor_score, 0) as decimal(9, 4))'
        ~ ' as decimal(20, 10))'
        ~ ' + cast(collaboration_share as decimal(9, 6)) * cast(coalesce(collaboration_score, 0) as decimal(9, 4))'
    ) }} as total_score,
    case
        when data_score is null then 'insufficient_data'
        when scheme_supervisor_share > 0 and supervisor_score is null then 'awaiting_review'
        else 'scored'
    end as status,
    case when is_provisional then 'provisional' else 'final' end as maturity
from joined
{% endmacro %}
