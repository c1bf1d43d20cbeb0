-- Grain: one signal of the radar: what it counts, and from where on it is worth a look.

select
    signal_id,
    position,
    label_en,
    label_zh,
    counted_en,
    counted_zh,
    of_en,
    of_zh,
    low_percentile,
    middle_percentile,
    high_percentile,
    min_denominator,
    min_peer_count,
    min_excess_rate,
    min_spread_multiple,
    min_surprise,
    tail_days,
    short_share,
    since as since_on,
    why as why_en,
    why_zh
from {{ ref('radar_signal') }}
