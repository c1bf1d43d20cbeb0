"""The parameters of KPI definitions, by the month of the event."""

from __future__ import annotations

from dataclasses import dataclass

from .numbers import MILLION, millionths
from .policy import Policy


@dataclass(frozen=True)
class Definition:
    """What a KPI's policy row may set. Shares, scales and scores in millionths."""

    window_days: int = 0
    satisfied_share: int = 800_000
    score_scale: int = 10 * MILLION
    promoter_from: int = 9 * MILLION
    detractor_to: int = 6 * MILLION
    unit_scale: int = 100 * MILLION
    is_business_clock: bool = False


WINDOWS = {"fcr": 7, "conversion_rate": 30, "repurchase_rate": 30, "repeat_complaint_rate": 30}
OF_100 = ("qa_score", "collaboration_score")


class Definitions:
    """The definition in force per KPI and month: POLICY.md's unless a policy folder says otherwise."""

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy
        self._found: dict[tuple[str, str], Definition] = {}

    def of(self, kpi: str, month: str) -> Definition:
        """The definition of a KPI for events of a month."""
        key = (kpi, month)
        if key not in self._found:
            self._found[key] = self._look_up(kpi, month)
        return self._found[key]

    def _look_up(self, kpi: str, month: str) -> Definition:
        scale = 100 if kpi in OF_100 else 10
        stated = Definition(window_days=WINDOWS.get(kpi, 0), score_scale=scale * MILLION)
        if self._policy is None:
            return stated
        (row,) = [row for row in self._policy.in_force("kpi", month) if row["kpi_id"] == kpi]
        return Definition(
            window_days=int(row["window_days"] or stated.window_days),
            satisfied_share=_or(row["share_threshold"], stated.satisfied_share),
            score_scale=_or(row["scale_to"], stated.score_scale),
            promoter_from=_or(row["upper_threshold"], stated.promoter_from),
            detractor_to=_or(row["lower_threshold"], stated.detractor_to),
            unit_scale=_or(row["unit_scale"], stated.unit_scale),
            is_business_clock=row["clock"] == "business",
        )


def _or(text: str, otherwise: int) -> int:
    value = millionths(text)
    return otherwise if value is None else value
