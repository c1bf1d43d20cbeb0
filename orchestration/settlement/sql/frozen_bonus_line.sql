select * from bonus.bonus_line where period_id = $period_id
