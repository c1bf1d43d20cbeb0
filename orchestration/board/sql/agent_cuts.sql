-- Grain: one cohort of a newest period, one grade: its lowest total, nobody named.
select cohort_id, grade, band_no, min(total_score) as lowest
from grade.grade
where grade is not null and cohort_id in (
    select cohort_id from grade.grade inner join focus using (agent_id, period_id)
)
group by all
order by cohort_id, band_no
