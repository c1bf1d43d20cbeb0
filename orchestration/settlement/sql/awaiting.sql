-- Agents whose score of a period awaits their supervisor's review (CG-04).
select agent_id from score.score
where period_id = $period_id and status = 'awaiting_review' order by agent_id
