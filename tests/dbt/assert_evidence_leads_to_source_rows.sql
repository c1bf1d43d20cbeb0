-- Every fact that evidence rests on is one whose rows lead to a line of an export (PR-05).

select distinct evidence_model
from {{ ref('kpi_daily') }}
where evidence_model not in (select evidence_model from {{ ref('source_row') }})
