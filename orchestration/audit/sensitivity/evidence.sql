-- The evidence of the period, taken once from the view: what counts, and what a ruling or a later rating sets aside.
select
    evidence.agent_id, evidence.kpi_id, evidence.month_id, evidence.evidence_model, evidence.evidence_key,
    evidence.event_on, evidence.team_id, evidence.numerator, evidence.denominator, evidence.is_counted,
    evidence.exclusion_reason, evidence.ruling_id
from kpi.kpi_evidence as evidence
where
    evidence.month_id in (select month_id from facts.dim_period_month where period_id = $period)
    and evidence.kpi_id in (
        select line.kpi_id
        from score.score_line as line
        inner join facts.dim_period_month as period_month on line.period_id = period_month.period_id
        where period_month.month_id in (select month_id from facts.dim_period_month where period_id = $period)
        union
        select unnest($beside_lines) as kpi_id
    )
    and (evidence.is_counted or evidence.exclusion_reason in ('ruling', 'superseded_rating'))
