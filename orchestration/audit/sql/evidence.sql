-- The evidence rows of an agent that make up each wanted sum, with their export lines.
with wanted as (
    select unnest($keys) as key, unnest($names) as name, unnest($firsts) as first_on, unnest($lasts) as last_on
)
select {columns}
from {relation} as evidence
inner join wanted
    on evidence.{name} = wanted.name and evidence.event_on between wanted.first_on and wanted.last_on
left join audit.source_row as source
    on evidence.evidence_model = source.evidence_model and evidence.evidence_key = source.evidence_key
where evidence.agent_id = $agent
order by evidence.{name}, evidence.event_on, evidence.evidence_model, evidence.evidence_key
