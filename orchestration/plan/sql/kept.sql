-- The lines of a kept plan.
create or replace temp table planned as
select bonus_line_id, cast(amount_cny as decimal(18, 2)) as amount_cny from read_parquet($lines)
