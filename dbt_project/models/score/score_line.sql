-- Grain: one agent, one period, one measure that the agent's plan scores.

select * from {{ ref('score_line__month_quarter') }}
union all
select * from {{ ref('score_line__year') }}
