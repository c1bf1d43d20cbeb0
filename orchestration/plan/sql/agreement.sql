-- How many lines are the same to the cent, how many are not, and what these come to.
select
    count(*) filter (where published.amount_cny is not distinct from planned.amount_cny),
    count(*) filter (where published.amount_cny is distinct from planned.amount_cny),
    cast(coalesce(sum(published.amount_cny), 0) - coalesce(sum(planned.amount_cny), 0) as decimal(18, 2))
from read_parquet($planned) as planned
full outer join read_parquet($published) as published using (bonus_line_id)
