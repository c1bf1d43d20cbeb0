-- Grain: one row: whether any export of tickets ever said when one was solved.

select count(solved_at) > 0 as is_exported
from {{ source('ticket', 'ticket') }}
