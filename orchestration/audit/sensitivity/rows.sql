-- Of each agent, KPI, part of the period and denominator, apart what counts for others of the group too: the rows that
-- add the most and the least, and the earliest.
with part as (
    select period_month.month_id, coalesce(max(quarter.period_id), period_month.month_id) as part_id
    from facts.dim_period_month as period_month
    left join facts.dim_period_month as quarter
        on
            period_month.month_id = quarter.month_id
            and quarter.period_kind = 'quarter'
            and period_month.period_kind = 'year'
    where period_month.period_id = $period
    group by period_month.month_id
),
scored as (
    select distinct line.agent_id, line.kpi_id
    from score.score_line as line
    inner join facts.dim_period_month as period_month on line.period_id = period_month.period_id
    where line.is_scored and line.agent_id in (select unnest($agents))
    and period_month.month_id in (select part.month_id from part)
    union
    select agent.agent_id, beside.kpi_id
    from (select unnest($agents) as agent_id) as agent
    cross join (select unnest($beside_lines) as kpi_id) as beside
),
-- Rows that the KPI counts for somebody else too, with whom the agent shares out the grades.
shared_in_group as (
    select distinct shared.kpi_id, shared.evidence_model, shared.evidence_key, shared.agent_id
    from shared
    inner join shared as theirs
        on
            shared.kpi_id = theirs.kpi_id
            and shared.evidence_model = theirs.evidence_model
            and shared.evidence_key = theirs.evidence_key
            and shared.agent_id <> theirs.agent_id
    inner join grade.grade as own_grade
        on shared.agent_id = own_grade.agent_id and own_grade.period_id = $period
    inner join grade.grade as their_grade
        on
            theirs.agent_id = their_grade.agent_id
            and own_grade.period_id = their_grade.period_id
            and own_grade.cohort_id = their_grade.cohort_id
    where own_grade.method = 'forced'
),
-- A rating that steps aside lets an older one of the same thing count: such rows are not looked at.
superseding as (
    select distinct evidence.kpi_id, survey.survey_id
    from evidence
    inner join facts.fct_survey as older on evidence.evidence_key = older.survey_id
    inner join facts.fct_survey as survey
        on older.parent_entity_id = survey.parent_entity_id and older.parent_entity = survey.parent_entity
    where evidence.evidence_model = 'fct_survey' and evidence.exclusion_reason = 'superseded_rating'
),
counted as (
    select
        evidence.agent_id, evidence.kpi_id, evidence.evidence_model, evidence.evidence_key, evidence.event_on,
        evidence.numerator, evidence.denominator,
        case when $by_quarter then part.part_id else $period end as part_id,
        shared_in_group.agent_id is not null as is_shared
    from evidence
    inner join part on evidence.month_id = part.month_id
    inner join scored on evidence.agent_id = scored.agent_id and evidence.kpi_id = scored.kpi_id
    left join shared_in_group
        on
            evidence.agent_id = shared_in_group.agent_id
            and evidence.kpi_id = shared_in_group.kpi_id
            and evidence.evidence_model = shared_in_group.evidence_model
            and evidence.evidence_key = shared_in_group.evidence_key
    where
        evidence.is_counted
        and evidence.kpi_id not in (select unnest($left_out))
        and not (
            list_contains($follow_up, evidence.kpi_id)
            and evidence.evidence_key in (select following.ticket_id from following)
        )
        and not exists (
            select 1 from superseding
            where
                evidence.evidence_model = 'fct_survey'
                and evidence.kpi_id = superseding.kpi_id
                and evidence.evidence_key = superseding.survey_id
        )
)
select
    agent_id, kpi_id, part_id, denominator, is_shared,
    -- The first few of each order are kept as they come: a list of all would be a year's evidence in memory.
    list_transform(
        min({'o': -numerator, 'd': event_on, 'k': evidence_key, 'm': evidence_model}, $most),
        lambda one: {'model': one.m, 'key': one.k, 'number': -one.o}
    ) as highest,
    list_transform(
        min({'o': numerator, 'd': event_on, 'k': evidence_key, 'm': evidence_model}, $most),
        lambda one: {'model': one.m, 'key': one.k, 'number': one.o}
    ) as lowest,
    list_transform(
        min({'d': event_on, 'o': numerator, 'k': evidence_key, 'm': evidence_model}, 1),
        lambda one: {'model': one.m, 'key': one.k, 'number': one.o}
    ) as earliest
from counted
group by agent_id, kpi_id, part_id, denominator, is_shared
order by agent_id, kpi_id, part_id, denominator, is_shared
