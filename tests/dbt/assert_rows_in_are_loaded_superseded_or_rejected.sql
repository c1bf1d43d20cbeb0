-- Every row of every export ends in exactly one place (PR-01).

select *
from {{ ref('reconciliation') }}
where not is_balanced or loaded_row_count < 0 or superseded_row_count < 0 or rejected_row_count < 0
