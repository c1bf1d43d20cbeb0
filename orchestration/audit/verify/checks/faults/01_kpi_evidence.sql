-- evidence rows are counted or set aside with a reason, and lead to an export line
-- in: kpi.kpi_evidence
select concat_ws(' ', evidence.kpi_id, evidence.evidence_model, evidence.evidence_key) as key,
    case
        when is_counted <> (exclusion_reason is null)
            then 'is_counted and exclusion_reason contradict each other'
        when is_counted and agent_id is null then 'is counted for nobody'
        when exclusion_reason = 'ruling' and ruling_id is null
            then 'is set aside by a ruling that it does not name'
        when ruling_id is not null and ruling_id not in (select ruling_id from {facts.fct_ruling})
            then 'is set aside by a ruling that is not there'
        when month_id <> strftime(event_on, '%Y-%m')
            or (month_id is null and (event_on is null or is_counted))
            then 'stands in month ' || coalesce(month_id, 'none') || ' though its date is '
                || coalesce(cast(event_on as varchar), 'missing')
        when source.evidence_key is null then 'leads to no export line'
        when file is null or row_hash is null or row_number is null
            then 'leads to an export line without file, row or hash'
    end as problem
from {kpi.kpi_evidence} as evidence
left join {audit.source_row} as source using (evidence_model, evidence_key)
where problem is not null
