"""What a text column of the policy may hold: an entry of `config.meta.words` in the seeds' YAML.

Under `config.meta.words` each text column has one entry. Its known words are those of all the lists that the
entry names:

- `label: true`: free text for people; nothing is asked of it but that it is there
- `values: […]`: words written there
- `references: table.column` (or several): what those columns hold; with `within: […]` only in rows that agree
  in these columns
- `contract: source.table.column`: the closed list of an export's column
- `clause`, `document`, `export: true`, `model: kpi`: rules, their documents, tables of exports, KPI models
- `pattern: …`: words of this form
- `own: true`, `by: …`: a name that the row gives, or a word that other rows decide on; other checks know them

`each: true`: several words, separated by blanks. `optional: true`: may be empty. `open: true`: a site may
coin its own words, only not one that a slip makes of a known one. `all: true`: each known word has a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Words:
    """One entry of `words` (or of a mechanism's basis, attribute or parameter)."""

    values: frozenset[str] = frozenset()
    references: tuple[tuple[str, str], ...] = ()
    within: tuple[str, ...] = ()
    contract: str = ""
    kinds: frozenset[str] = frozenset()
    pattern: str = ""
    is_label: bool = False
    is_decided_elsewhere: bool = False
    is_each: bool = False
    is_optional: bool = False
    is_open: bool = False
    is_all: bool = False
    number: tuple[float | None, float | None] | None = None
    """Of a parameter that is a number: least and most, both allowed."""
    bases: frozenset[str] = frozenset()
    """Of a parameter: the bases that read it; none named = all."""
    is_needed: bool = False

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Words:
        """An entry as the YAML has it."""
        references = entry.get("references", ())
        listed = [references] if isinstance(references, str) else list(references)
        number = entry.get("number")
        return cls(
            values=frozenset(str(value) for value in entry.get("values", ())),
            references=tuple((one.split(".")[0], one.split(".")[1]) for one in listed),
            within=tuple(entry.get("within", ())),
            contract=str(entry.get("contract", "")),
            kinds=frozenset({"clause", "document", "export", "model"} & set(entry)),
            pattern=str(entry.get("pattern", "")),
            is_label=bool(entry.get("label")),
            is_decided_elsewhere=bool(entry.get("own") or entry.get("by")),
            is_each=bool(entry.get("each")),
            is_optional=bool(entry.get("optional")),
            is_open=bool(entry.get("open")),
            is_all=bool(entry.get("all")),
            number=None if number is None else (number[0], number[1]),
            bases=frozenset(str(one) for one in entry.get("bases", ())),
            is_needed=bool(entry.get("needed")),
        )
