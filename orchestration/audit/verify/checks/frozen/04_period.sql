-- period
-- in: facts.dim_settled_period
select *
from {settlement.record}
