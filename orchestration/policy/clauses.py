"""The rules by id: what each says, and the words of the document it comes from (`clauses.yml` beside it)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from orchestration.errors import ConfigurationError
from orchestration.plain_yaml import load_yaml
from orchestration.policy.own_clauses import DOCUMENTS, RULES, Content, own_rules

CONVENTION_ZH = "本系统约定："
CLAUSES = Path(__file__).parent / "clauses.yml"


@dataclass(frozen=True)
class Document:
    """A source document: its letter, titles, and the number its text file begins with."""

    letter: str
    title_en: str
    title_zh: str
    file_prefix: str


@dataclass(frozen=True)
class Clause:
    """One rule. `quote` holds the document's own words; empty for a convention of this system, which
    `says_zh` then says in Chinese. Of the rules of a site it is always said.
    """

    clause_id: str
    title_zh: str
    says: str
    quote: tuple[str, ...]
    document: Document | None
    says_zh: str = ""

    @property
    def words(self) -> str:
        """The rule in Chinese, in one line: the document's words, each passage in brackets of its own, or the
        sentence of a convention.
        """
        if not self.quote:
            return f"{CONVENTION_ZH}{self.says_zh}" if self.says_zh else ""
        return " ".join(f"「{passage}」" for passage in self.quote)


def clauses(own: Path | None = None) -> Mapping[str, Clause]:
    """All rules by id, in the order of the file; those of a site's `own` file behind the shipped ones.

    Raises ConfigurationError naming the file, the rule and what is wrong with it.
    """
    if own is None:
        return _shipped()
    said = own_rules(own)
    for part, kind in ((DOCUMENTS, "document"), (RULES, "rule")):
        for name in said[part]:
            if name in _written()[part]:
                raise ConfigurationError(
                    path=own,
                    problem=f"{name} is a shipped {kind}",
                    remedy="Give yours another name; shipped plans cite the shipped one",
                )
    return with_own(said)


@cache
def _shipped() -> Mapping[str, Clause]:
    return catalogue(_written())


def catalogue(content: Content) -> Mapping[str, Clause]:
    """Rules by id from documents and rules as they are written."""
    documents = {letter: Document(letter=letter, **fields) for letter, fields in content[DOCUMENTS].items()}
    return MappingProxyType(
        {
            clause_id: Clause(
                clause_id=clause_id,
                title_zh=fields["title_zh"],
                says=fields["says"],
                quote=tuple(fields["quote"]),
                document=documents[fields["document"]] if fields.get("document") else None,
                says_zh=fields.get("says_zh", ""),
            )
            for clause_id, fields in content[RULES].items()
        }
    )


def with_own(own: Content | None) -> Mapping[str, Clause]:
    """The shipped rules, and those that a publication says were the site's own."""
    if not own:
        return _shipped()
    return catalogue({part: {**_written()[part], **own.get(part, {})} for part in (DOCUMENTS, RULES)})


@cache
def _written() -> Content:
    content: Content = load_yaml(CLAUSES.read_text(encoding="utf-8"))
    return content
