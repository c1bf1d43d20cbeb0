-- Within a cohort grades follow scores, and equal scores share a grade (S-RANK).

with

compared as (
    select
        cohort_id,
        agent_id,
        total_score,
        band_no,
        max(band_no) over (
            partition by cohort_id order by total_score desc nulls last
            range between unbounded preceding and current row
        ) as worst_band_no_so_far
    from {{ ref('grade') }}
    where total_score is not null
)

select *
from compared
where band_no is distinct from worst_band_no_so_far
