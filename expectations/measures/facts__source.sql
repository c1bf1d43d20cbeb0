-- Grain: one kind of evidence: rows that no line of an export file stands behind.

select
    evidence.evidence_model as subject,
    count_if(source_row.file is null) as sourceless_row_count
from (
    select distinct evidence_model, evidence_key from kpi.kpi_evidence
) as evidence
left join audit.source_row as source_row
    on
        evidence.evidence_model = source_row.evidence_model
        and evidence.evidence_key = source_row.evidence_key
group by evidence.evidence_model
