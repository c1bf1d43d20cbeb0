-- Evidence leads to export lines, they to input files of the publication; nothing is counted and not.
with evidence as (
    select 'kpi.kpi_evidence' as relation, evidence_model, evidence_key, is_counted, exclusion_reason
    from kpi.kpi_evidence
    union all
    select 'bonus.bonus_evidence', evidence_model, evidence_key, is_counted, exclusion_reason
    from bonus.bonus_evidence
)
select 'audit.load_file' as relation, 'is no input file of the publication' as problem, file as name, 'sha256' as of
from audit.load_file
where not list_contains($inputs, concat(file, ' ', sha256))
union all
select
    'audit.source_row', 'has no hash of a row, or not the file of its load',
    evidence_model || ' ' || evidence_key, null
from audit.source_row
left join (select load_id, max(file) as file from audit.load_file group by load_id) as load using (load_id)
where
    not coalesce(regexp_full_match(row_hash, '[0-9a-f]{32}'), false)
    or load.file is distinct from source_row.file
union all
select relation, 'leads to no export line', evidence_model || ' ' || evidence_key, null
from evidence anti join audit.source_row using (evidence_model, evidence_key)
union all
select relation, 'is_counted and exclusion_reason contradict', evidence_model || ' ' || evidence_key, null
from evidence
where is_counted is distinct from (exclusion_reason is null)
order by all
