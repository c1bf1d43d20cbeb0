-- Of each agent, KPI, part of the period and denominator: the rows that add the most and the least.
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
    select unnest($agents) as agent_id, 'collaboration_score' as kpi_id
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
        case when $by_quarter then part.part_id else $period end as part_id
    from evidence
    inner join part on evidence.month_id = part.month_id
    inner join scored on evidence.agent_id = scored.agent_id and evidence.kpi_id = scored.kpi_id
    where
        evidence.is_counted
        and evidence.kpi_id not in (select unnest($left_out))
        and not exists (
            select 1 from superseding
            where
                evidence.evidence_model = 'fct_survey'
                and evidence.kpi_id = superseding.kpi_id
                and evidence.evidence_key = superseding.survey_id
        )
)
select
    agent_id, kpi_id, part_id, denominator,
    list(struct_pack(
        model := evidence_model, key := evidence_key, number := numerator, day := event_on
    ) order by numerator desc, event_on, evidence_key)[1:$most] as highest,
    list(struct_pack(
        model := evidence_model, key := evidence_key, number := numerator, day := event_on
    ) order by numerator, event_on, evidence_key)[1:$most] as lowest
from counted
group by agent_id, kpi_id, part_id, denominator
order by agent_id, kpi_id, part_id, denominator
