-- Grain: one kind of evidence: fact rows that no line of an export file stands behind.

select
    evidence.evidence_model as subject,
    count_if(source_row.file is null) as sourceless_row_count
from (
    select distinct evidence_model from kpi.kpi_daily
) as evidence
left join audit.source_row as source_row
    on evidence.evidence_model = source_row.evidence_model
group by evidence.evidence_model
