-- Grain: one outage_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('governance', 'outage', ['outage_id']) }}
)

select
    outage_id,
    starts_at,
    ends_at,
    channel,
    note,
    {{ source_columns() }}
from newest
