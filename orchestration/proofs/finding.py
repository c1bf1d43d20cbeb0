"""What a proof found: a sentence in both languages with its counterexample, two lines of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

from orchestration.plain_yaml import load_yaml
from orchestration.proofs.function import Function, Place

PHRASES = Path(__file__).with_name("phrases.yml")
GAP, OVERLAP, PAYS_LESS, UNREACHABLE = "gap", "overlap", "better_pays_less", "unreachable"
KINDS = (GAP, OVERLAP, PAYS_LESS, UNREACHABLE)


@dataclass(frozen=True)
class Finding:
    """One fault of a plan: its kind, its place, the rule that it is of, the sentence, the two lines, and the
    day from which it holds, where it does not from the first.
    """

    kind: str
    place: Place
    clause_id: str
    en: str
    zh: str
    lines: tuple[str, ...]
    from_on: date | None = field(default=None, compare=False)

    @property
    def since(self) -> str:
        """From when it holds, to stand behind its sentence."""
        return "" if self.from_on is None else f" ({self.from_on} –)"


@dataclass(frozen=True)
class Jump:
    """The largest step at an edge: from one value of the measure to the next one that it can have."""

    function: Function
    amount: Fraction
    lines: tuple[str, ...]


def finding(
    kind: str, function: Function, lines: tuple[str, ...], *, phrase: str = "", **values: str
) -> Finding:
    """A finding of a function, said by the phrase of its kind or another one."""
    measure = function.measure
    return said(
        kind,
        function.place,
        function.clause_id,
        lines,
        phrase=phrase or kind,
        en={"measure": measure.label_en, **values},
        zh={"measure": measure.label_zh, **values},
    )


def said(
    kind: str,
    place: Place,
    clause_id: str,
    lines: tuple[str, ...],
    *,
    phrase: str,
    en: Mapping[str, str],
    zh: Mapping[str, str],
) -> Finding:
    """A finding with its sentence from the catalogue."""
    words = phrases()[phrase]
    english, chinese = words["says_en"].format(place=place, **en), words["says_zh"].format(place=place, **zh)
    return Finding(kind, place, clause_id, english, chinese, lines)


@cache
def phrases() -> Mapping[str, Mapping[str, str]]:
    """The catalogue of sentences, each in both languages."""
    content: Mapping[str, Mapping[str, str]] = load_yaml(PHRASES.read_text(encoding="utf-8"))
    return content
