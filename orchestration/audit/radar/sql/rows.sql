-- The rows that the signals asked for count, with their export lines.
with wanted as (
    select unnest($agents) as agent_id, unnest($signals) as signal_id
),
counted as (
    select evidence.*
    from marts.mart_kpi_radar__row as evidence
    inner join wanted
        on evidence.agent_id = wanted.agent_id and evidence.signal_id = wanted.signal_id
    inner join facts.dim_period_month as month
        on evidence.month_id = month.month_id and month.period_id = $period
    -- Rows of another queue are not judged in this period.
    inner join facts.dim_agent_period as place
        on
            evidence.agent_id = place.agent_id and month.period_id = place.period_id
            and evidence.role = coalesce(place.role, '')
            and evidence.customer_group = coalesce(place.customer_group, '')
    where evidence.numerator <> 0
)
select
    counted.agent_id, counted.signal_id, counted.evidence_model, counted.evidence_key, counted.event_on,
    counted.numerator, coalesce(source.file, load.file) as file, source.row_number, source.row_hash
from counted
left join audit.source_row as source
    on counted.evidence_model = source.evidence_model and counted.evidence_key = source.evidence_key
left join (select load_id, max(file) as file from audit.load_file group by load_id) as load
    on source.load_id = load.load_id
order by
    counted.agent_id, counted.signal_id, counted.event_on, counted.evidence_model, counted.evidence_key
