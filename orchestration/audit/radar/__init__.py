"""The radar: where a paid KPI may be met by displacing work, with the rows (decision 0054)."""

from orchestration.audit.radar.fairness import Share
from orchestration.audit.radar.found import Finding, Radar, Signal, read_radar
from orchestration.audit.radar.words import said

__all__ = ["Finding", "Radar", "Share", "Signal", "read_radar", "said"]
