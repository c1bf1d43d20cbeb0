"""What is said of a finding: which way the grade goes, by which numbers, and what of nothing found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orchestration.audit.node import Phrase
from orchestration.audit.sensitivity.change import (
    AMOUNT,
    SECONDS,
    SET_ASIDE,
    Change,
    Finding,
    Placed,
    Sensitivity,
)
from orchestration.audit.sensitivity.words import change_in_words, document, headline

ROWS = tuple(Placed("order", f"O{number}", "crm/order.csv", number) for number in (2, 3))
AMOUNTS = Change(
    AMOUNT,
    "better",
    "sales_amount",
    ROWS[:1],
    "A",
    Decimal("91.5"),
    2,
    1,
    column="amount",
    unit="cny",
    before=Decimal(100),
    after=Decimal("120.5"),
    smaller=Decimal("120.49"),
    label=Phrase("sales", "销售额"),
)
ASIDE = replace(AMOUNTS, kind=SET_ASIDE, direction="worse", grade="C", rows=ROWS, smaller=Decimal(1))
FOUND = Finding(
    "A0001",
    "2026-10",
    "plan",
    "group",
    4,
    "forced",
    3,
    "B",
    Decimal(80),
    Decimal(5),
    Decimal(7),
    (AMOUNTS, ASIDE),
)


@pytest.mark.parametrize("kind", [AMOUNT, SECONDS])
def test_a_number_is_told_with_its_kpi_its_column_and_the_way_of_the_grade(kind: str) -> None:
    said = change_in_words(replace(AMOUNTS, kind=kind))
    for told in ("sales (sales_amount)", "amount", "100", "120.5", "120.49", "a better grade, A"):
        assert told in said.en, told
    for told in ("销售额（sales_amount）", "amount", "120.49", "等级升为 A", "同组另有 1 人"):
        assert told in said.zh, told


def test_rows_are_told_with_what_fewer_of_them_do_not() -> None:
    said = change_in_words(ASIDE)
    assert "set aside 2 rows" in said.en and "fewer than 2 do not do it → a worse grade, C" in said.en
    assert "少于 2 行则无此变化" in said.zh and "等级降为 C" in said.zh
    several = replace(ASIDE, rows=ROWS[:1], alone_keys=("O2", "O3"))
    assert change_in_words(several).en.endswith("Any of 2 such rows does it alone.")
    [agent] = document(Sensitivity("run", "2026-10", True, (replace(FOUND, changes=(several,)),)))["agents"]
    assert agent["changes"][0]["alone_keys"] == ["O2", "O3"] and agent["changes"][0]["alone_count"] == 2


@pytest.mark.parametrize(
    ("changes", "better", "expected"),
    [
        ((AMOUNTS, ASIDE), Decimal(5), ""),
        ((AMOUNTS,), Decimal(5), "gives a worse one"),
        ((ASIDE,), Decimal(5), "gives a better one"),
        ((ASIDE,), None, ""),
        ((), Decimal(5), "changes this grade"),
    ],
)
def test_a_direction_in_which_nothing_was_found_is_told_with_what_was_looked_at(
    changes: tuple[Change, ...], better: Decimal | None, expected: str
) -> None:
    said = headline(replace(FOUND, changes=changes, points_to_better=better))
    assert "by forced shares" in said.en and "强制分布" in said.zh
    assert ("none of the changes looked at" in said.en) is bool(expected) and expected in said.en
    assert ("所考察的变化" in said.zh) is bool(expected)
    assert ("decision 0053" in said.en) is bool(expected)
