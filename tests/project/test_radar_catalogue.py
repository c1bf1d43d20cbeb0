"""The radar's catalogue and its models say the same signals, and its limits can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest

from tests.project.catalogue_rules import read_rows
from tests.project.conftest import ROOT

SEEDS = ROOT / "seeds"
MODEL = ROOT / "dbt_project" / "models" / "marts" / "mart_kpi_radar__row.sql"
Rows = Sequence[Mapping[str, str]]


@pytest.fixture(scope="module")
def signals() -> Rows:
    return read_rows(SEEDS / "reference" / "radar_signal.csv")


def measured(sql: str) -> set[str]:
    """Signals that the model of rows measures."""
    return set(re.findall(r"'(\w+)' as signal_id", sql))


def faults(signals: Rows, kpis: Rows, sql: str) -> list[str]:
    """What a catalogue of signals cannot be."""
    listed = {row["signal_id"] for row in signals}
    found = [f"{one} is listed and not measured" for one in sorted(listed - measured(sql))]
    found += [f"{one} is measured and not listed" for one in sorted(measured(sql) - listed)]
    windows = {row["kpi_id"]: int(row["window_days"]) for row in kpis if row["window_days"]}
    for row in signals:
        low, middle, high = (float(row[f"{place}_percentile"]) for place in ("low", "middle", "high"))
        if not 0 < low <= middle <= high <= 1:
            found.append(f"{row['signal_id']}: percentiles out of order")
        if not (int(row["min_denominator"]) > 0 and int(row["min_peer_count"]) > 1):
            found.append(f"{row['signal_id']}: nobody is a peer of nobody")
        if float(row["min_spread_multiple"]) <= 0:
            found.append(f"{row['signal_id']}: people who differ as they do would be hits")
        # What a customer did next is known as long as the longest window of any KPI.
        if row["tail_days"] and windows["fcr"] + int(row["tail_days"]) > max(windows.values()):
            found.append(f"{row['signal_id']}: looks further ahead than tickets are followed")
    return found


def test_the_catalogue_is_sound(signals: Rows) -> None:
    assert faults(signals, read_rows(SEEDS / "policy" / "kpi.csv"), MODEL.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("signal_id", "late_reply", "late_reply is listed and not measured"),
        ("high_percentile", "0.4", "late_return: percentiles out of order"),
        ("min_peer_count", "1", "late_return: nobody is a peer of nobody"),
        ("min_spread_multiple", "0", "late_return: people who differ as they do would be hits"),
        ("tail_days", "24", "late_return: looks further ahead than tickets are followed"),
    ],
)
def test_a_catalogue_that_cannot_be_is_found(signals: Rows, column: str, value: str, says: str) -> None:
    spoiled = [{**row, column: value} if row["signal_id"] == "late_return" else row for row in signals]
    assert says in faults(spoiled, read_rows(SEEDS / "policy" / "kpi.csv"), MODEL.read_text("utf-8"))


def test_every_signal_may_serve_something(signals: Rows) -> None:
    paired = {row["signal_id"] for row in read_rows(SEEDS / "reference" / "radar_pair.csv")}
    assert paired == {row["signal_id"] for row in signals}
