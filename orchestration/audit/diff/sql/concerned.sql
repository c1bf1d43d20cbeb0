-- Whose numbers can have moved a line: whose lines, score, grade or place in a ranking are others.
create or replace temp table concerned as
select distinct agent_id from ({others}) where agent_id is not null
