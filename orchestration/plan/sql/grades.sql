-- How many bonuses of open periods move from one grade to another; '' of none.
select
    coalesce(one.grade, '') as grade_before,
    coalesce(other.grade, '') as grade_after,
    count(*) as bonus_count
from a.grade.grade as one
full outer join b.grade.grade as other using (agent_id, period_id)
inner join chosen on chosen.period_id = period_id
where not chosen.is_settled and one.grade is distinct from other.grade
group by all
order by all
