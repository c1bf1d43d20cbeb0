-- The cells that the leaves were read from, of a ratio those of its sums.
create or replace temp table wanted as
select distinct start_key, input_model, input_key
from leaf semi join start using (start_key) left join part on leaf.node_key = part.parent_key
inner join number on coalesce(part.node_key, leaf.node_key) = number.node_key
