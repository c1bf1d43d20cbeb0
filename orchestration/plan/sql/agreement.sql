-- How many lines are the same to the cent, and how many are not.
select
    count(*) filter (where published.amount_cny is not distinct from planned.amount_cny),
    count(*) filter (where published.amount_cny is distinct from planned.amount_cny)
from planned
full outer join read_parquet($published) as published using (bonus_line_id)
