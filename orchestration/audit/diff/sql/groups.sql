-- Of each start the cohorts that a rank or a size in `passed` is of, of which somebody came or left or, where it is no
-- size, moved.
create or replace temp table ranked_group as
select distinct passed.start_key, cohort_of.cohort_key, coalesce(not cohort_of.is_size, false) as has_moved
from passed
inner join cohort_of using (node_key)
semi join cohort_member as member
    on cohort_of.cohort_key = member.cohort_key
    and (member.how <> 'moved' or coalesce(not cohort_of.is_size, false))
