-- Grain: one check.
select suite, check_id, label_zh, label_en, relation, severity, outcome, observed, bound, reason_zh, reason_en
from marts.mart_calibration
order by suite, check_id
