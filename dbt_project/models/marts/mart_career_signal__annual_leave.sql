-- Grain: one entitlement to annual leave (SS-06), one condition.

select *
from ({{ career_signals('annual_leave', ended_only=false) }}) as entitlement
where outcome <> 'not_due'
