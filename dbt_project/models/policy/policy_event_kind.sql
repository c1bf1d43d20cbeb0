-- Grain: one period, one kind of event that pay counts: what it is called, what it counts, how.

select
    period_id,
    period_kind,
    event_kind,
    label_en,
    label_zh,
    unit,
    source_tables,
    is_standing,
    level,
    effective_from as effective_from_on
from ({{ rows_in_force('event_kind') }}) as in_force
