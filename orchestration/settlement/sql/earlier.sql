-- Periods that must be settled before one: those of its kind before it, and the months within it.
select other.period_id
from facts.dim_period as this
inner join facts.dim_period as other
    on (other.period_kind = this.period_kind and other.starts_on < this.starts_on)
    or (
        this.period_kind <> 'month' and other.period_kind = 'month'
        and other.starts_on >= this.starts_on and other.starts_on < this.ends_before_on
    )
where this.period_id = $period_id
order by other.starts_on, other.period_id
