-- Rows that one ruling on their KPI alone sets aside, and that count without it: credited, of a window that has elapsed.
select
    evidence.agent_id, evidence.kpi_id, evidence.month_id, evidence.evidence_model, evidence.evidence_key,
    evidence.numerator, evidence.denominator, evidence.ruling_id
from evidence
inner join facts.fct_ruling as ruling on evidence.ruling_id = ruling.ruling_id and ruling.kpi_scope = evidence.kpi_id
left join (
    select kpi_id, min(event_on) as first_on from kpi.kpi_daily where exclusion_reason = 'pending' group by kpi_id
) as waiting
    on evidence.kpi_id = waiting.kpi_id
where
    evidence.exclusion_reason = 'ruling'
    and evidence.agent_id in (select unnest($agents))
    and evidence.team_id is not null
    and evidence.evidence_model <> 'fct_survey'
    and evidence.kpi_id not in (select unnest($left_out))
    and not (
        list_contains($follow_up, evidence.kpi_id)
        and evidence.evidence_key in (select following.ticket_id from following)
    )
    and coalesce(evidence.event_on < waiting.first_on, true)
    and not exists (
        select 1 from facts.fct_ruling as other
        where
            other.entity = ruling.entity and other.entity_id = ruling.entity_id
            and other.ruling_id <> ruling.ruling_id and other.effect in ('in_force', 'repeated')
    )
    and not exists (
        select 1 from evidence as shared
        where
            shared.kpi_id = evidence.kpi_id and shared.evidence_key = evidence.evidence_key
            and shared.evidence_model = evidence.evidence_model
            and shared.agent_id is distinct from evidence.agent_id
    )
order by evidence.agent_id, evidence.kpi_id, evidence.evidence_key, evidence.evidence_model
