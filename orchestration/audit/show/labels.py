"""Labels of units, reasons and statuses, where people read them: those of `labels.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.audit.beside import text_beside
from orchestration.plain_yaml import load_yaml

_LABELS: Mapping[str, Mapping[str, Any]] = load_yaml(text_beside(__file__, "labels.yml"))

UNITS: Mapping[str, tuple[str, str]] = _LABELS["units"]
REASONS: Mapping[str, str] = _LABELS["reasons"]
SCORE_STATUS: Mapping[str, str] = _LABELS["score_status"]
MATURITY: Mapping[str, str] = _LABELS["maturity"]
