-- Grain: one plan, one step of total scores of the newest periods of its agents in service in the newest month.
select focus.scheme_id, scheme.name_zh, scheme.name_en, cast(floor(total_score / 5) * 5 as bigint) as bin_from, count(*) as agent_count
from focus
inner join marts.dim_scheme as scheme using (scheme_id)
where is_present and total_score is not null
group by all
order by focus.scheme_id, bin_from
