-- What the wanted cells rest on. A cell of nobody's own rests on the changes of anyone (`*`), and every cell on those
-- of nobody's own.
create or replace temp table read_cell as
with cell as ({cells})
select distinct
    start_key, source, team_id, name, part_id,
    unnest(case when agent_id is null then ['*', ''] else [agent_id, ''] end) as agent_id
from cell inner join wanted using (input_model, input_key) inner join part_of_period using (period_id)
