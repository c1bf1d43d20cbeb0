"""The words of `labels.yml`, each in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestration.audit.beside import text_beside
from orchestration.audit.diff import Cause
from orchestration.audit.node import Phrase
from orchestration.plain_yaml import load_yaml
from orchestration.plan.result import Plan


def _words(name: str) -> Mapping[str, Phrase]:
    said = load_yaml(text_beside(__file__, "labels.yml"))[name]
    return {key: Phrase(pair["text_en"], pair["text_zh"]) for key, pair in said.items()}


WORDS, CAUSES, SHEETS = _words("words"), _words("causes"), _words("sheets")


def said_cause(cause: Cause, *, is_both: bool = True) -> str:
    """A cause in words: its kind, in both languages or in English, how many rows, and the first of them."""
    kind = CAUSES[cause.kind]
    said = f"{kind if is_both else kind.en} ({cause.count}): {'; '.join(cause.examples)}"
    if cause.count <= len(cause.examples):
        return said
    more = and_more(cause.count - len(cause.examples))
    return f"{said} {more if is_both else more.en}"


def and_more(count: int) -> Phrase:
    """That so many are not named."""
    return WORDS["and_more"].of(count=f"{count:,}")


def notes_of(plan: Plan) -> Iterator[Phrase]:
    """What is to be known of the plan as a whole."""
    if plan.site_changes:
        files = [(name, WORDS[how]) for name, how in plan.site_changes]
        yield WORDS["site_differs"].of(
            files=Phrase(
                ", ".join(f"{name} {how.en}" for name, how in files),
                "、".join(f"{name} {how.zh}" for name, how in files),
            )
        )
    if plan.is_other_code:
        yield WORDS["other_code"]
    if plan.from_exports:
        yield WORDS["from_exports"].of(facts=", ".join(plan.from_exports))
