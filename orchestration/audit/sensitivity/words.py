"""Findings in words, in both languages, and as a document."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orchestration.audit.beside import text_beside
from orchestration.audit.node import Phrase
from orchestration.audit.sensitivity.change import (
    BETTER,
    COUNT_AGAIN,
    SET_ASIDE,
    WORSE,
    Change,
    Finding,
    Placed,
    Sensitivity,
)
from orchestration.audit.sensitivity.search import MOST_ROWS
from orchestration.plain_yaml import load_yaml
from orchestration.text import plain

WORDS: Mapping[str, list[str]] = load_yaml(text_beside(__file__, "words.yml"))


def say(name: str, **values: object) -> Phrase:
    """A phrase of `words.yml`; a Phrase among the values is put in in its language."""
    return Phrase(*WORDS[name]).of(**values)


def change_in_words(change: Change) -> Phrase:
    """A change as somebody would make it, and what it does."""
    first = change.rows[0]
    values: dict[str, object] = {
        "kpi_id": change.name,
        "label": change.label.en,
        "label_zh": change.label.zh,
        "rows": _joined([_row(row) for row in change.rows]),
        "count": len(change.rows),
        "column": change.column,
        "before": plain(change.before),
        "after": plain(change.after),
        "change": _signed(change),
        "smaller": plain(change.smaller),
        **{key: getattr(first, key) for key in ("entity", "key", "file", "row_number", "ruling_id")},
    }
    name = change.kind
    if change.kind == SET_ASIDE:
        name = "set_aside_one" if len(change.rows) == 1 else "set_aside_many"
    done = say(name, **values)
    others = say("others", count=change.others_moved) if change.others_moved else Phrase("", "")
    outcome = say(
        f"outcome_{change.direction}",
        grade=change.grade,
        total=plain(change.total),
        rank=plain(change.rank),
        others=others,
    )
    alone = Phrase("", "")
    if change.alone_count > 1:
        alone = say("alone_most" if change.alone_count == MOST_ROWS else "alone", count=change.alone_count)
    return Phrase(f"{done.en} {outcome.en}.{alone.en}", f"{done.zh} {outcome.zh}。{alone.zh}")


def headline(found: Finding) -> Phrase:
    """Who, which grade, and how near the next ones are; for one without a grade the reason."""
    if found.note:
        why = say(found.note if found.note in WORDS else "not_graded")
        who = f"{found.agent_id} {found.period_id} {found.scheme_id}".strip()
        return Phrase(f"{who}: {why.en}", f"{who}：{why.zh}")
    head = say(
        "head",
        agent_id=found.agent_id,
        period_id=found.period_id,
        scheme_id=found.scheme_id,
        grade=found.grade,
        rank=found.rank,
        size=found.cohort_size,
        method=say(found.method or "absolute"),
        total=plain(found.total),
    )
    said = [head]
    for way, points in (("better", found.points_to_better), ("worse", found.points_to_worse)):
        if points is not None:
            said.append(say(way, points=plain(points)))
    ways = {change.direction for change in found.changes}
    if not ways:
        said.append(say("nothing", most=MOST_ROWS))
    elif len(ways) == 1:
        way, points = (WORSE, found.points_to_worse) if BETTER in ways else (BETTER, found.points_to_better)
        if points is not None:
            said.append(say(f"nothing_{way}", most=MOST_ROWS))
    return Phrase("; ".join(one.en for one in said), "；".join(one.zh for one in said))


def document(found: Sensitivity) -> dict[str, Any]:
    """The findings as a JSON document: numbers as text, so that no digit is lost."""
    return {
        "publication": found.publication,
        "period_id": found.period_id,
        "is_settled": found.is_settled,
        "agents": [_agent(one) for one in found.findings],
    }


def _agent(one: Finding) -> dict[str, Any]:
    said = headline(one)
    names = ("agent_id", "period_id", "scheme_id", "cohort_id", "cohort_size", "method", "rank", "grade")
    return {
        **{name: getattr(one, name) for name in names},
        "total": _text(one.total),
        "points_to_better": _text(one.points_to_better),
        "points_to_worse": _text(one.points_to_worse),
        "fewest_rows": one.fewest_rows,
        "note": one.note,
        "says": said.en,
        "says_zh": said.zh,
        "changes": [_change(change) for change in one.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    said = change_in_words(change)
    names = ("kind", "direction", "name", "grade", "rank", "others_moved", "alone_count", "column", "unit")
    return {
        **{name: getattr(change, name) for name in names},
        "alone_keys": list(change.alone_keys),
        "total": _text(change.total),
        "before": _text(change.before),
        "after": _text(change.after),
        "smaller": _text(change.smaller),
        "rows": [
            {name: getattr(row, name) for name in ("entity", "key", "file", "row_number", "ruling_id")}
            for row in change.rows
        ],
        "says": said.en,
        "says_zh": said.zh,
    }


def _row(row: Placed) -> Phrase:
    return say("row", entity=row.entity, key=row.key, file=row.file or "–", row_number=plain(row.row_number))


def _joined(rows: list[Phrase]) -> Phrase:
    return Phrase(", ".join(row.en for row in rows), "、".join(row.zh for row in rows))


def _signed(change: Change) -> str:
    if change.before is None or change.after is None or change.kind in (SET_ASIDE, COUNT_AGAIN):
        return ""
    by = change.after - change.before
    return f"+{plain(by)}" if by > 0 else plain(by)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value).replace("−", "-")
