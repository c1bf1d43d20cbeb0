"""Policies that differ from the shipped one: by what a person would change, or by the dice."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from orchestration.policy.check import policy_faults
from orchestration.policy.folder import known_words
from orchestration.settings import POLICY_DIR

Row = dict[str, str]
FACTORS = ("0.8", "0.9", "1.1", "1.25")
MOST_TRIES = 200


def new_policy(folder: Path) -> Path:
    """A copy of the shipped policy that may be written."""
    shutil.copytree(POLICY_DIR, folder)
    return folder


def rows_of(path: Path) -> list[Row]:
    """The rows of a policy file."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write a policy file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def is_row(**wanted: str) -> Callable[[Row], bool]:
    """Whether a row has these values."""
    return lambda row: all(row[name] == value for name, value in wanted.items())


def change(path: Path, chosen: Callable[[Row], bool], *, since: str = "", **values: str) -> None:
    """Give the chosen rows other values, from a day on where one is named."""
    rows = rows_of(path)
    assert any(map(chosen, rows))
    written: list[Row] = []
    for row in rows:
        if not chosen(row):
            written.append(row)
        elif since:
            written += [{**row, "effective_to": since}, {**row, **values, "effective_from": since}]
        else:
            written.append({**row, **values})
    write_rows(path, written)


def remove(path: Path, chosen: Callable[[Row], bool]) -> None:
    """Take rows out."""
    write_rows(path, [row for row in rows_of(path) if not chosen(row)])


def add(path: Path, like: Callable[[Row], bool], **values: str) -> None:
    """Add a copy of a row with other values."""
    rows = rows_of(path)
    [model] = filter(like, rows)
    write_rows(path, [*rows, {**model, **values}])


def every_kind_of_change(policy: Path) -> None:
    """What a person would change, each once: a rate, one from a day on, band edges, weights, a target, a
    KPI's threshold, a component less and one more.
    """
    change(policy / "component_rate.csv", is_row(component_id="cg_floating", rate_key="A"), rate="1.25")
    change(
        policy / "component_rate.csv", is_row(component_id="cg_basic"), since="2026-10-01", amount_cny="600"
    )
    forced = {"scheme_id": "centre_grade", "period_kind": "month", "method": "forced"}
    change(policy / "grade_band.csv", is_row(**forced, grade="A"), share="0.3")
    change(policy / "grade_band.csv", is_row(**forced, grade="B"), share="0.4")
    month = {"scheme_id": "centre_grade", "period_kind": "month"}
    change(policy / "score_kpi.csv", is_row(**month, kpi_id="ticket_on_time_rate"), weight="0.35")
    change(policy / "score_kpi.csv", is_row(**month, kpi_id="qa_pass_rate"), weight="0.15")
    change(policy / "score_kpi.csv", is_row(**month, kpi_id="fcr"), target_value="0.8")
    change(policy / "kpi.csv", is_row(kpi_id="csat_rate"), since="2026-10-01", share_threshold="0.9")
    for name in ("component", "component_rate", "component_parameter"):
        remove(policy / f"{name}.csv", is_row(component_id="cg_service_star"))
    more = {"component_id": "cg_meal", "label_en": "Meals", "label_zh": "餐补", "line_no": "12"}
    add(policy / "component.csv", is_row(component_id="cg_basic"), **more)
    first = is_row(component_id="cg_basic", effective_from="1990-01-01")
    add(policy / "component_rate.csv", first, component_id="cg_meal", amount_cny="80", effective_to="")


def every_rate(policy: Path, component_id: str) -> None:
    """Every rate of a component's rate table, one more."""
    path = policy / "component_rate.csv"
    rows = rows_of(path)
    for row in rows:
        if row["component_id"] == component_id:
            row["rate"] = str(Decimal(row["rate"]) + 1)
    write_rows(path, rows)


def shift_weights(policy: Path, by: str, scheme_id: str = "centre_grade") -> None:
    """Let the first KPI of each block of the months of a plan weigh less and the last more, `by` at most."""
    path = policy / "score_kpi.csv"
    rows = rows_of(path)
    blocks: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if (row["scheme_id"], row["period_kind"]) == (scheme_id, "month"):
            blocks.setdefault((row["role"], row["block"]), []).append(row)
    assert any(len(block) > 1 for block in blocks.values())
    for block in blocks.values():
        if len(block) > 1:
            moved = min(Decimal(by), Decimal(block[0]["weight"]))
            for row, weight in ((block[0], -moved), (block[-1], moved)):
                row["weight"] = str(Decimal(row["weight"]) + weight)
    write_rows(path, rows)


def random_change(policy: Path, dice: random.Random) -> str:
    """One to three sound changes of numbers in a policy folder, in words: rates, amounts, parameters,
    targets, shares moved between two bands, weights between two KPIs, thresholds of KPIs.
    """
    said: list[str] = []
    wanted = dice.randint(1, 3)
    for _ in range(MOST_TRIES):
        if len(said) == wanted:
            return "; ".join(said)
        name, columns = dice.choice(list(_NUMBERS.items()))
        path, column = policy / f"{name}.csv", dice.choice(columns)
        before = path.read_text(encoding="utf-8")
        rows = rows_of(path)
        held = [row for row in rows if row[column] not in ("", "0")]
        row = dice.choice(held)
        since = dice.choice(("", "", "2026-09-01", "2026-10-01"))
        if name in _BALANCED:
            _shift(rows, row, column, _BALANCED[name], dice)
            write_rows(path, rows)
        else:
            value = _scaled(row[column], dice)
            change(path, lambda one, row=row: one == row, since=since, **{column: value})  # type: ignore[misc]
        if path.read_text(encoding="utf-8") == before or policy_faults(policy, known=known_words()):
            path.write_text(before, encoding="utf-8")
        else:
            said.append(f"{name}.{column} of {', '.join(list(row.values())[:5])}{since and f' from {since}'}")
    raise AssertionError("no sound change was found")


_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "component_rate": ("rate", "amount_cny"),
    "component_parameter": ("value",),
    "score_kpi": ("target_value", "floor_value", "weight"),
    "grade_band": ("share", "min_score"),
    "kpi": ("share_threshold", "upper_threshold", "lower_threshold", "window_days"),
}
_BALANCED: Mapping[str, tuple[str, ...]] = {
    "grade_band": ("scheme_id", "period_kind", "method"),
}
"""Files of shares that sum to 1 within a group."""


def _scaled(value: str, dice: random.Random) -> str:
    scaled = Decimal(value) * Decimal(dice.choice(FACTORS))
    is_whole = Decimal(value) == Decimal(value).to_integral_value()
    return str(int(scaled)) if is_whole and scaled >= 1 else f"{scaled.normalize():f}"


def _shift(rows: list[Row], row: Row, column: str, group: tuple[str, ...], dice: random.Random) -> None:
    others = [
        one
        for one in rows
        if one is not row and one[column] not in ("", "0") and all(one[name] == row[name] for name in group)
    ]
    if others:
        other, moved = dice.choice(others), Decimal(row[column]) * Decimal("0.2")
        row[column], other[column] = (str(Decimal(row[column]) - moved), str(Decimal(other[column]) + moved))
