-- Grain: one node of the tree under one agent's bonus of one period.

{# The trace is not a second calculation: every node is a row that the calculation itself read or wrote. #}

with

line as (
    select * from {{ ref('bonus_trace_line') }}
),

bonus_node as (
    select
        bonus_id,
        bonus_id as node_id,
        cast(null as string) as parent_node_id,
        0 as depth,
        'bonus ' || period_id as label,
        cast(amount_cny as decimal(24, 6)) as value,
        'cny' as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        cast(null as string) as clause_id,
        'bonus' as input_model,
        bonus_id as input_key
    from {{ ref('bonus') }}
),

line_node as (
    select
        bonus_id,
        node_id,
        parent_node_id,
        depth,
        line_label as label,
        cast(amount_cny as decimal(24, 6)) as value,
        'cny' as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        clause_id,
        line_model as input_model,
        bonus_line_id as input_key
    from line
),

quantity_node as (
    select
        bonus_id,
        node_id || '/quantity' as node_id,
        node_id as parent_node_id,
        depth + 1 as depth,
        'quantity' as label,
        cast(quantity as decimal(24, 6)) as value,
        quantity_unit as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        clause_id,
        input_model,
        input_key
    from line
),

rate_node as (
    select
        bonus_id,
        node_id || '/rate' as node_id,
        node_id as parent_node_id,
        depth + 1 as depth,
        'rate' as label,
        cast(rate as decimal(24, 6)) as value,
        'factor' as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        clause_id,
        'policy_component_rate' as input_model,
        component_id as input_key
    from line
),

day_node as (
    select
        bonus_id,
        node_id || '/days' as node_id,
        node_id as parent_node_id,
        depth + 1 as depth,
        'days of ' || cast(period_day_count as string) as label,
        cast(day_count as decimal(24, 6)) as value,
        'days' as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        'S-PRORATE' as clause_id,
        'dim_agent_period_segment' as input_model,
        agent_id || ':' || period_id || ':' || cast(segment_no as string) as input_key
    from line
    where period_day_count > 1
),

rate_parameter_node as (
    select
        line.bonus_id,
        line.node_id || '/rate/' || rate.rate_key || ':' || cast(rate.lower_bound as string) as node_id,
        line.node_id || '/rate' as parent_node_id,
        line.depth + 2 as depth,
        'rate table' as label,
        cast(coalesce(rate.rate, rate.amount_cny) as decimal(24, 6)) as value,
        case when rate.rate is null then 'cny' else 'factor' end as unit,
        line.component_id || case when rate.rate_key = '' then '' else '[' || rate.rate_key || ']' end
        || ' from ' || cast(rate.lower_bound as string) as parameter,
        cast(coalesce(rate.rate, rate.amount_cny) as string) as parameter_value,
        rate.effective_from_on as effective_from,
        rate.clause_id,
        'policy_component_rate' as input_model,
        rate.component_id || ':' || rate.rate_key || ':' || cast(rate.lower_bound as string) as input_key
    from line
    inner join {{ ref('policy_component_rate') }} as rate
        on
            line.component_id = rate.component_id
            and line.period_id = rate.period_id
    where line.adjusts_bonus_line_id is null
),

component_parameter_node as (
    select
        line.bonus_id,
        line.node_id || '/parameter/' || parameter.parameter as node_id,
        line.node_id as parent_node_id,
        line.depth + 1 as depth,
        'parameter' as label,
        cast(parameter.value as decimal(24, 6)) as value,
        'parameter' as unit,
        parameter.parameter,
        coalesce(parameter.text_value, cast(parameter.value as string)) as parameter_value,
        parameter.effective_from_on as effective_from,
        parameter.clause_id,
        'policy_component_parameter' as input_model,
        parameter.component_id || ':' || parameter.parameter as input_key
    from line
    inner join {{ ref('policy_component_parameter') }} as parameter
        on
            line.component_id = parameter.component_id
            and line.period_id = parameter.period_id
    where line.adjusts_bonus_line_id is null
),

-- The grade that a line pays by: of the plan scored under its place, of any other plan held the band that its score
-- reaches there (S-MOVE).
line_grade as (
    select
        line.bonus_id,
        line.node_id,
        line.depth,
        line.agent_id,
        line.period_id,
        held.scheme_id,
        held.grade,
        held.clause_id,
        case held.method when 'lowest' then 'forced' else held.method end as band_method,
        case
            when held.scheme_id = held.scored_scheme_id
                then
                    'grade ' || held.grade || ' (' || held.method || '), rank ' || cast(grade.rank as string)
                    || ' of ' || cast(grade.cohort_size as string) || ' in ' || grade.cohort_id
            when held.method = 'absolute'
                then
                    'grade ' || held.grade || ' by the absolute bands of ' || held.scheme_id
                    || ', read with the score under ' || held.scored_scheme_id
            else
                'grade ' || held.grade || ', the lowest of ' || held.scheme_id
                || ', which has no absolute bands to read the score under ' || held.scored_scheme_id || ' by'
        end as label,
        case when held.scheme_id = held.scored_scheme_id then grade.position else held.total_score end as value,
        case when held.scheme_id = held.scored_scheme_id then 'position' else 'points' end as unit,
        line.input_model,
        line.input_key
    from line
    inner join {{ ref('grade_by_plan') }} as held
        on
            line.agent_id = held.agent_id
            and line.period_id = held.period_id
            and line.scheme_id = held.scheme_id
    left join {{ ref('grade') }} as grade
        on
            line.agent_id = grade.agent_id
            and line.period_id = grade.period_id
    where line.input_model in ('grade', 'grade_by_plan')
),

grade_node as (
    select
        bonus_id,
        node_id || '/grade' as node_id,
        node_id || '/quantity' as parent_node_id,
        depth + 2 as depth,
        label,
        cast(value as decimal(24, 6)) as value,
        unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        clause_id,
        input_model,
        input_key
    from line_grade
),

band_node as (
    select
        line_grade.bonus_id,
        line_grade.node_id || '/grade/' || band.grade as node_id,
        line_grade.node_id || '/grade' as parent_node_id,
        line_grade.depth + 3 as depth,
        'cut-off ' || band.grade as label,
        cast(coalesce(band.cumulative_share, band.min_score) as decimal(24, 6)) as value,
        case when band.method = 'forced' then 'cumulative share' else 'score' end as unit,
        band.method || ' ' || band.grade as parameter,
        cast(coalesce(band.cumulative_share, band.min_score) as string) as parameter_value,
        band.effective_from_on as effective_from,
        band.clause_id,
        'policy_grade_band' as input_model,
        band.scheme_id || ':' || band.method || ':' || band.grade as input_key
    from line_grade
    inner join {{ ref('policy_grade_band') }} as band
        on
            line_grade.period_id = band.period_id
            and line_grade.scheme_id = band.scheme_id
            and line_grade.band_method = band.method
),

-- Lines that rest on a score: graded ones through their grade, scored ones directly.
scored_line as (
    select
        bonus_id,
        node_id,
        depth,
        agent_id,
        period_id,
        node_id || case when input_model = 'score' then '/quantity' else '/grade' end as parent_node_id
    from line
    where input_model in ('grade', 'grade_by_plan', 'score')
),

score_node as (
    select
        scored_line.bonus_id,
        scored_line.node_id || '/score' as node_id,
        scored_line.parent_node_id,
        scored_line.depth + 3 as depth,
        'total score (' || score.status || ')' as label,
        cast(score.total_score as decimal(24, 6)) as value,
        'points' as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        cast(null as string) as clause_id,
        'score' as input_model,
        score.agent_id || ':' || score.period_id as input_key
    from scored_line
    inner join {{ ref('score') }} as score
        on
            scored_line.agent_id = score.agent_id
            and scored_line.period_id = score.period_id
),

score_part_node as (
    select
        scored_line.bonus_id,
        scored_line.node_id || '/score/' || part.part as node_id,
        scored_line.node_id || '/score' as parent_node_id,
        scored_line.depth + 4 as depth,
        part.part as label,
        cast(part.part_score as decimal(24, 6)) as value,
        'points' as unit,
        'share' as parameter,
        cast(part.share as string) as parameter_value,
        cast(null as date) as effective_from,
        cast(null as string) as clause_id,
        part.input_model,
        part.agent_id || ':' || part.period_id as input_key
    from scored_line
    inner join (
        select
            agent_id,
            period_id,
            'data score' as part,
            data_score as part_score,
            cast((1 - supervisor_share) * (1 - collaboration_share) as decimal(18, 6)) as share,
            'score_line' as input_model
        from {{ ref('score') }}
        where data_score is not null
        union all
        select
            agent_id,
            period_id,
            'supervisor score' as part,
            supervisor_score as part_score,
            cast(supervisor_share * (1 - collaboration_share) as decimal(18, 6)) as share,
            'fct_rating' as input_model
        from {{ ref('score') }}
        where supervisor_share > 0
        union all
        select
            agent_id,
            period_id,
            'collaboration score' as part,
            collaboration_score as part_score,
            cast(collaboration_share as decimal(18, 6)) as share,
            'kpi_observation' as input_model
        from {{ ref('score') }}
        where collaboration_share > 0
    ) as part
        on
            scored_line.agent_id = part.agent_id
            and scored_line.period_id = part.period_id
),

score_line_node as (
    select
        scored_line.bonus_id,
        scored_line.node_id || '/score/' || score_line.kpi_id as node_id,
        scored_line.node_id || '/score/data score' as parent_node_id,
        scored_line.depth + 5 as depth,
        score_line.block || ' ' || score_line.kpi_id
        || case when score_line.is_scored then '' else ' (not scored)' end as label,
        cast(score_line.weighted_points as decimal(24, 6)) as value,
        'weighted points' as unit,
        'effective weight' as parameter,
        cast(score_line.effective_weight as string) as parameter_value,
        score_line.effective_from_on as effective_from,
        score_line.clause_id,
        'score_line' as input_model,
        score_line.agent_id || ':' || score_line.period_id || ':' || score_line.kpi_id as input_key
    from scored_line
    inner join {{ ref('score_line') }} as score_line
        on
            scored_line.agent_id = score_line.agent_id
            and scored_line.period_id = score_line.period_id
),

curve_node as (
    select
        scored_line.bonus_id,
        scored_line.node_id || '/score/' || score_line.kpi_id || '/points' as node_id,
        scored_line.node_id || '/score/' || score_line.kpi_id as parent_node_id,
        scored_line.depth + 6 as depth,
        'points on the curve' as label,
        cast(score_line.points as decimal(24, 6)) as value,
        'points' as unit,
        'floor / target / stretch' as parameter,
        cast(score_line.floor_value as string) || ' / ' || cast(score_line.target_value as string) || ' / '
        || coalesce(cast(score_line.stretch_value as string), 'none') as parameter_value,
        score_line.effective_from_on as effective_from,
        'S-CURVE' as clause_id,
        'policy_score_kpi' as input_model,
        score_line.scheme_id || ':' || score_line.period_id || ':' || score_line.kpi_id as input_key
    from scored_line
    inner join {{ ref('score_line') }} as score_line
        on
            scored_line.agent_id = score_line.agent_id
            and scored_line.period_id = score_line.period_id
),

-- Observations under score lines, and under lines that pay on a KPI itself.
observed as (
    select
        scored_line.bonus_id,
        scored_line.node_id || '/score/' || score_line.kpi_id as parent_node_id,
        score_line.agent_id,
        score_line.period_id,
        score_line.kpi_id,
        scored_line.depth + 6 as depth
    from scored_line
    inner join {{ ref('score_line') }} as score_line
        on
            scored_line.agent_id = score_line.agent_id
            and scored_line.period_id = score_line.period_id
    union all
    select
        line.bonus_id,
        line.node_id || '/quantity' as parent_node_id,
        observation.agent_id,
        observation.period_id,
        observation.kpi_id,
        line.depth + 2 as depth
    from line
    inner join {{ ref('kpi_observation') }} as observation
        on
            line.input_model = 'kpi_observation'
            and line.input_key = observation.agent_id || ':' || observation.period_id || ':' || observation.kpi_id
),

-- Of a line that pays on a KPI over a part of the agent's days in service: the sum over those days, month by month.
own_observation_node as (
    select
        line.bonus_id,
        line.node_id || '/quantity/' || own.kpi_id || ':' || own.month_id as node_id,
        line.node_id || '/quantity' as parent_node_id,
        line.depth + 2 as depth,
        own.kpi_id || ' in ' || own.month_id || ' over ' || cast(own.own_day_count as string) || ' of '
        || cast(own.service_day_count as string) || ' days in service' as label,
        cast(own.numerator as decimal(24, 6)) as value,
        'sum over evidence' as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        cast(null as string) as clause_id,
        'bonus_own_observation' as input_model,
        own.agent_id || ':' || own.period_id || ':' || own.component_id || ':' || own.kpi_id || ':'
        || own.month_id as input_key
    from line
    inner join {{ ref('bonus_own_observation') }} as own
        on
            line.input_model = 'bonus_own_observation'
            and line.agent_id = own.agent_id
            and line.period_id = own.period_id
            and line.component_id = own.component_id
),

observation_node as (
    select
        observed.bonus_id,
        observed.parent_node_id || '/' || part.part as node_id,
        case
            when part.part = 'value' then observed.parent_node_id
            else observed.parent_node_id || '/value'
        end as parent_node_id,
        observed.depth + case when part.part = 'value' then 0 else 1 end as depth,
        observed.kpi_id || ' ' || part.part as label,
        part.part_value as value,
        part.unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        cast(null as string) as clause_id,
        part.input_model,
        observed.agent_id || ':' || observed.period_id || ':' || observed.kpi_id as input_key
    from observed
    inner join (
        select
            agent_id,
            period_id,
            kpi_id,
            'value' as part,
            cast(value as decimal(24, 6)) as part_value,
            'numerator / denominator' as unit,
            'kpi_observation' as input_model
        from {{ ref('kpi_observation') }}
        union all
        select
            agent_id,
            period_id,
            kpi_id,
            'numerator' as part,
            cast(numerator as decimal(24, 6)) as part_value,
            'sum over evidence' as unit,
            'kpi_evidence' as input_model
        from {{ ref('kpi_observation') }}
        union all
        select
            agent_id,
            period_id,
            kpi_id,
            'denominator' as part,
            cast(denominator as decimal(24, 6)) as part_value,
            'sum over evidence' as unit,
            'kpi_evidence' as input_model
        from {{ ref('kpi_observation') }}
    ) as part
        on
            observed.agent_id = part.agent_id
            and observed.period_id = part.period_id
            and observed.kpi_id = part.kpi_id
),

-- Lines that count events: how many of each kind and what each weighs, and the gates that had to be kept.
counted_line as (
    select
        bonus_id,
        node_id,
        depth,
        agent_id,
        period_id,
        component_id,
        segment_no
    from line
    where input_model = 'bonus_tally'
),

tally_node as (
    select
        counted_line.bonus_id,
        counted_line.node_id || '/quantity/' || tally.event_kind as node_id,
        counted_line.node_id || '/quantity' as parent_node_id,
        counted_line.depth + 2 as depth,
        tally.event_kind as label,
        cast(tally.event_quantity as decimal(24, 6)) as value,
        'events' as unit,
        'weight' as parameter,
        cast(tally.weight as string) as parameter_value,
        cast(null as date) as effective_from,
        tally.clause_id,
        'bonus_event' as input_model,
        tally.agent_id || ':' || tally.period_id || ':' || tally.event_kind as input_key
    from counted_line
    inner join {{ ref('bonus_tally_line') }} as tally
        on
            counted_line.agent_id = tally.agent_id
            and counted_line.period_id = tally.period_id
            and counted_line.component_id = tally.component_id
            and counted_line.segment_no = tally.segment_no
),

gate_node as (
    select
        counted_line.bonus_id,
        counted_line.node_id || '/quantity/' || gate.comparison || '_' || gate.event_kind as node_id,
        counted_line.node_id || '/quantity' as parent_node_id,
        counted_line.depth + 2 as depth,
        gate.event_kind || case when gate.is_open then ' (limit kept)' else ' (limit not kept: counts 0)' end as label,
        cast(gate.event_quantity as decimal(24, 6)) as value,
        'events' as unit,
        gate.comparison as parameter,
        cast(gate.threshold_value as string) as parameter_value,
        cast(null as date) as effective_from,
        gate.clause_id,
        'bonus_event' as input_model,
        gate.agent_id || ':' || gate.period_id || ':' || gate.event_kind as input_key
    from counted_line
    inner join {{ ref('bonus_gate') }} as gate
        on
            counted_line.agent_id = gate.agent_id
            and counted_line.period_id = gate.period_id
            and counted_line.component_id = gate.component_id
            and counted_line.segment_no = gate.segment_no
),

-- PT-05: the coefficient of a points line and the deductions that led to its band.
coefficient_of_line as (
    select
        counted_line.bonus_id,
        counted_line.node_id || '/rate/coefficient' as node_id,
        counted_line.node_id || '/rate' as parent_node_id,
        counted_line.depth + 2 as depth,
        'coefficient (' || coefficient.customer_group || ')' as label,
        cast(coefficient.coefficient as decimal(24, 6)) as value,
        'factor' as unit,
        'deducted points' as parameter,
        cast(coefficient.deduction_points as string) as parameter_value,
        cast(null as date) as effective_from,
        coefficient.clause_id,
        'bonus_coefficient' as input_model,
        coefficient.agent_id || ':' || coefficient.period_id as input_key,
        coefficient.scheme_id
    from counted_line
    inner join {{ ref('bonus_coefficient') }} as coefficient
        on
            counted_line.agent_id = coefficient.agent_id
            and counted_line.period_id = coefficient.period_id
            and counted_line.component_id = coefficient.component_id
),

coefficient_node as (
    select
        bonus_id,
        node_id,
        parent_node_id,
        depth,
        label,
        value,
        unit,
        parameter,
        parameter_value,
        effective_from,
        clause_id,
        input_model,
        input_key
    from coefficient_of_line
),

deduction_node as (
    select
        coefficient.bonus_id,
        coefficient.node_id || '/' || deduction.source as node_id,
        coefficient.node_id as parent_node_id,
        coefficient.depth + 1 as depth,
        deduction.source as label,
        cast(deduction.deduction_points as decimal(24, 6)) as value,
        'points deducted' as unit,
        case when deduction.kpi_value is not null then 'value' end as parameter,
        cast(deduction.kpi_value as string) as parameter_value,
        cast(null as date) as effective_from,
        deduction.clause_id,
        'bonus_deduction' as input_model,
        deduction.agent_id || ':' || deduction.period_id || ':' || deduction.source as input_key
    from coefficient_of_line as coefficient
    inner join {{ ref('bonus_deduction') }} as deduction
        on
            coefficient.input_key = deduction.agent_id || ':' || deduction.period_id
            and coefficient.scheme_id = deduction.scheme_id
),

-- A share of what another component paid in the segment (SS-02, SS-03), or of the whole amount of its last month
-- (SS-05): the amounts it rests on.
base_of_line as (
    select
        line.bonus_id,
        line.node_id,
        line.depth,
        line.segment_no as line_segment_no,
        base.agent_id,
        base.month_id,
        base.component_id,
        base.segment_no,
        base.amount_cny,
        base.whole_amount_cny,
        component.clause_id,
        segment.segment_no as period_segment_no,
        coalesce(base_of.text_value = 'last_month', false) as is_last_month_only,
        row_number() over (
            partition by line.node_id order by base.month_id desc nulls last, base.segment_no desc nulls last
        ) = 1 as is_last
    from line
    inner join {{ ref('policy_component') }} as component
        on
            line.component_id = component.component_id
            and line.period_id = component.period_id
            and component.mechanism = 'scored'
    inner join {{ ref('dim_period_month') }} as period_month
        on line.period_id = period_month.period_id
    inner join {{ ref('bonus_base') }} as base
        on
            line.agent_id = base.agent_id
            and component.basis = base.component_id
            and period_month.month_id = base.month_id
    inner join {{ ref('dim_agent_month_segment') }} as month_segment
        on
            base.agent_id = month_segment.agent_id
            and base.month_id = month_segment.month_id
            and base.segment_no = month_segment.segment_no
    inner join {{ ref('dim_agent_period_segment') }} as segment
        on
            line.agent_id = segment.agent_id
            and line.period_id = segment.period_id
            and month_segment.effective_from_on = segment.effective_from_on
    left join {{ ref('policy_component_parameter') }} as base_of
        on
            line.component_id = base_of.component_id
            and line.period_id = base_of.period_id
            and base_of.parameter = 'base_of'
    where line.adjusts_bonus_line_id is null
),

base_node as (
    select
        bonus_id,
        node_id || '/quantity/' || month_id || ':' || cast(segment_no as string) as node_id,
        node_id || '/quantity' as parent_node_id,
        depth + 2 as depth,
        case
            when is_last_month_only then component_id || ' of a whole month, as in ' || month_id
            else component_id || ' paid for ' || month_id
        end as label,
        cast(case when is_last_month_only then whole_amount_cny else amount_cny end as decimal(24, 6)) as value,
        'cny' as unit,
        cast(null as string) as parameter,
        cast(null as string) as parameter_value,
        cast(null as date) as effective_from,
        clause_id,
        'bonus_base' as input_model,
        agent_id || ':' || month_id || ':' || component_id || ':' || cast(segment_no as string) as input_key
    from base_of_line
    where case when is_last_month_only then is_last else line_segment_no = period_segment_no end
),

target_node as (
    select
        line.bonus_id,
        line.node_id || '/quantity/target' as node_id,
        line.node_id || '/quantity' as parent_node_id,
        line.depth + 2 as depth,
        'target ' || attainment.kpi_id || case
            when attainment.own_day_count = attainment.service_day_count then ''
            else
                ', the share of ' || cast(attainment.own_day_count as string) || ' of '
                || cast(attainment.service_day_count as string) || ' days in service'
        end as label,
        cast(attainment.target_value as decimal(24, 6)) as value,
        'target' as unit,
        'attainment' as parameter,
        cast(attainment.attainment as string) as parameter_value,
        cast(null as date) as effective_from,
        line.clause_id,
        'bonus_attainment' as input_model,
        attainment.agent_id || ':' || attainment.period_id || ':' || attainment.component_id as input_key
    from line
    inner join {{ ref('bonus_attainment') }} as attainment
        on
            line.agent_id = attainment.agent_id
            and line.period_id = attainment.period_id
            and line.component_id = attainment.component_id
    where line.adjusts_bonus_line_id is null
),

-- What an adjustment is the difference of: today's line (recalculated), less these.
correction_node as (
    select
        line.bonus_id,
        line.node_id || '/' || part.part as node_id,
        line.node_id || '/quantity' as parent_node_id,
        line.depth + 2 as depth,
        part.part as label,
        cast(part.part_cny as decimal(24, 6)) as value,
        'cny' as unit,
        part.parameter,
        part.parameter_value,
        cast(null as date) as effective_from,
        'PR-04' as clause_id,
        part.input_model,
        part.bonus_line_id as input_key
    from line
    inner join {{ ref('bonus_line__adjustment') }} as adjustment
        on line.node_id = adjustment.bonus_line_id
    inner join (
        select
            bonus_line_id,
            'settled' as part,
            settled_cny as part_cny,
            cast(null as string) as parameter,
            cast(null as string) as parameter_value,
            'fct_settled_line' as input_model
        from {{ ref('bonus_correction') }}
        union all
        select
            bonus_line_id,
            'adjusted before' as part,
            adjusted_cny as part_cny,
            cast(null as string) as parameter,
            cast(null as string) as parameter_value,
            'fct_settled_line' as input_model
        from {{ ref('bonus_correction') }}
        where adjusted_cny <> 0
        union all
        select
            bonus_line_id,
            'moved by others, not passed on' as part,
            cast(difference_cny - owed_cny as decimal(18, 2)) as part_cny,
            'ranking_correction' as parameter,
            ranking_correction as parameter_value,
            'bonus_unmoved' as input_model
        from {{ ref('bonus_correction') }}
        where difference_cny <> owed_cny
    ) as part
        on line.adjusts_bonus_line_id = part.bonus_line_id
),

-- What is due and not paid for want of data, with the reason; a settled period shows what was paid.
unpaid_node as (
    select
        bonus.bonus_id,
        bonus.bonus_id || '/unpaid/' || unpaid.component_id || ':' || cast(unpaid.segment_no as string) as node_id,
        bonus.bonus_id as parent_node_id,
        1 as depth,
        unpaid.label_en as label,
        cast(0 as decimal(24, 6)) as value,
        'cny' as unit,
        unpaid.reason as parameter,
        unpaid.lacks as parameter_value,
        cast(null as date) as effective_from,
        unpaid.clause_id,
        'bonus_unpaid' as input_model,
        unpaid.agent_id || ':' || unpaid.period_id || ':' || unpaid.component_id || ':'
        || cast(unpaid.segment_no as string) as input_key
    from {{ ref('bonus_unpaid') }} as unpaid
    inner join {{ ref('bonus') }} as bonus
        on
            unpaid.agent_id = bonus.agent_id
            and unpaid.period_id = bonus.period_id
    left join {{ ref('dim_settled_period') }} as settled
        on unpaid.period_id = settled.period_id
    where settled.period_id is null
),

node as (
    select * from bonus_node
    union all
    select * from unpaid_node
    union all
    select * from line_node
    union all
    select * from quantity_node
    union all
    select * from rate_node
    union all
    select * from day_node
    union all
    select * from rate_parameter_node
    union all
    select * from component_parameter_node
    union all
    select * from grade_node
    union all
    select * from band_node
    union all
    select * from score_node
    union all
    select * from score_part_node
    union all
    select * from score_line_node
    union all
    select * from curve_node
    union all
    select * from observation_node
    union all
    select * from own_observation_node
    union all
    select * from tally_node
    union all
    select * from gate_node
    union all
    select * from coefficient_node
    union all
    select * from deduction_node
    union all
    select * from base_node
    union all
    select * from target_node
    union all
    select * from correction_node
)

select
    bonus_id,
    node_id,
    parent_node_id,
    cast(depth as bigint) as depth,
    label,
    value,
    unit,
    parameter,
    parameter_value,
    effective_from,
    clause_id,
    input_model,
    input_key
from node
