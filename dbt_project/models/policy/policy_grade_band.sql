-- Grain: one period, one plan, one method, one grade.

select
    period_id,
    period_kind,
    scheme_id,
    method,
    grade,
    band_no,
    share,
    cast(sum(share) over (
        partition by period_id, scheme_id, method order by band_no asc nulls last
        rows between unbounded preceding and current row
    ) as decimal(18, 6)) as cumulative_share,
    min_score,
    effective_from as effective_from_on,
    clause_id,
    value_origin
from ({{ rows_in_force('grade_band', by_kind=true) }}) as in_force
