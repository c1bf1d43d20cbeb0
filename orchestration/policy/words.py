"""Whether each word of the policy stands in its list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache

from orchestration.policy.entry import Words
from orchestration.policy.kpi_models import UNION
from orchestration.policy.rows import PolicyFault, PolicyRow, PolicyTable, Tables

NEARNESS = 0.4
"""How alike two words are (difflib) for one to be shown as the remedy of the other."""

LISTED = 12
"""Known words shown where none is near."""


@dataclass(frozen=True)
class KnownWords:
    """Words that stand outside the policy: rules, documents, exports and their closed lists, KPI models."""

    clauses: frozenset[str]
    documents: frozenset[str]
    exports: frozenset[str]
    contract: Mapping[str, frozenset[str]]
    """Closed lists of export columns by `source.table.column`."""
    kpis: frozenset[str]


@dataclass(frozen=True)
class Lists:
    """The lists that entries name, looked up in the tables of one policy and outside them."""

    tables: Tables
    known: KnownWords
    _found: dict[tuple[Words, tuple[str, ...]], frozenset[str]] = field(default_factory=dict)

    def words(self, entry: Words, row: PolicyRow) -> frozenset[str]:
        """The known words of an entry for one row."""
        return self._known(entry, tuple(row.text(column) for column in entry.within))

    def _known(self, entry: Words, group: tuple[str, ...]) -> frozenset[str]:
        key = (entry, group)
        if key not in self._found:
            self._found[key] = frozenset(self._words(entry, group))
        return self._found[key]

    def _words(self, entry: Words, group: tuple[str, ...]) -> Iterator[str]:
        yield from entry.values
        yield from self.known.contract.get(entry.contract, ())
        outside = {
            "clause": self.known.clauses,
            "document": self.known.documents,
            "export": self.known.exports,
            "model": self.known.kpis,
        }
        for kind in entry.kinds:
            yield from outside[kind]
        for table, column in entry.references:
            yield from self.tables[table].words(column, entry.within).get(group, ())

    def fault(self, entry: Words, row: PolicyRow, column: str) -> PolicyFault | None:
        """What is wrong with the word or words of a cell; None if nothing is."""
        cell = row.text(column)
        if not cell:
            if entry.is_optional:
                return None
            return row.fault(f"{column} is empty", remedy("", self.words(entry, row)))
        if entry.pattern:
            if re.fullmatch(entry.pattern, cell):
                return None
            return row.fault(f"{column} is {cell!r}", f"Write it in the form {entry.pattern}")
        known = self.words(entry, row)
        for word in cell.split(" ") if entry.is_each else [cell]:
            if not self._is_known(entry, word, known):
                is_of, or_add = "", ""
                if entry.references:
                    is_of, or_add = f", which is not in {_files(entry)}", f" Else correct {_files(entry)}"
                elif "model" in entry.kinds:
                    is_of, or_add = f", which no model calculates: {UNION} does not list it", ""
                return row.fault(f"{column} is {word!r}{is_of}", remedy(word, known) + or_add)
        return None

    def _is_known(self, entry: Words, word: str, known: frozenset[str]) -> bool:
        return word in known or (entry.is_open and slip_of(word, known) is None)

    def are_all_known(self, entry: Words, table: PolicyTable, column: str) -> bool:
        """Whether a column holds nothing but known words, told from its distinct ones."""
        if entry.pattern:
            return False
        for group, cells in table.cells(column, entry.within).items():
            known = self._known(entry, group)
            for cell in cells:
                if not cell and not entry.is_optional:
                    return False
                words = cell.split(" ") if entry.is_each and cell else [cell] if cell else []
                if not all(self._is_known(entry, word, known) for word in words):
                    return False
        return True


def _files(entry: Words) -> str:
    return " or ".join(f"{table}.csv" for table in dict.fromkeys(table for table, _ in entry.references))


def word_faults(table: PolicyTable, lists: Lists) -> Iterator[PolicyFault]:
    """Every cell of a column with a list that holds a word which is not in it."""
    for column, entry in table.columns.items():
        if entry.is_label and not entry.is_optional:
            for row in table.rows:
                if not row.text(column).strip():
                    yield row.fault(f"{column} is empty", "Write what people are to read there")
        if entry.is_label or entry.is_decided_elsewhere:
            continue
        if not lists.are_all_known(entry, table, column):
            for row in table.rows:
                fault = lists.fault(entry, row, column)
                if fault is not None:
                    yield fault
        if entry.is_all and table.rows:
            known = lists.words(entry, table.rows[0])
            for word in sorted(known - table.words(column).get((), frozenset())):
                yield PolicyFault(
                    table.file, None, f"{column} {word!r} has no row", "Add it: it is read by that name"
                )


def number_faults(table: PolicyTable) -> Iterator[PolicyFault]:
    """Every number that is not within the bounds that the seeds' YAML gives its column (`meta.numbers`)."""
    for column, (least, most) in table.meta.get("numbers", {}).items():
        for row in table.rows:
            number = row.number(column)
            if number is not None and (fault := bounds_fault(row, column, number, (least, most))) is not None:
                yield fault


def bounds_fault(
    row: PolicyRow, name: str, number: Decimal, bounds: tuple[float | None, float | None]
) -> PolicyFault | None:
    """What is wrong with a number that is to be within both bounds; None if nothing is."""
    least, most = (None if edge is None else Decimal(str(edge)) for edge in bounds)
    if (least is None or number >= least) and (most is None or number <= most):
        return None
    edges = {"at least": least, "at most": most}
    said = " and ".join(f"{words} {edge}" for words, edge in edges.items() if edge is not None)
    return row.fault(f"{name} is {number}", f"It is {said}")


def tables_read(table: PolicyTable) -> tuple[str, ...]:
    """The tables whose words a table's columns refer to, and the table itself."""
    referred = [name for entry in table.columns.values() for name, _ in entry.references]
    return tuple(dict.fromkeys([table.name, *referred]))


def remedy(word: str, known: Iterable[str]) -> str:
    """What to write instead: the nearest known word, or the known words."""
    return _remedy(word, frozenset(known))


@lru_cache(maxsize=4096)
def _remedy(word: str, known: frozenset[str]) -> str:
    words = sorted(known)
    near = get_close_matches(word, words, n=1, cutoff=NEARNESS)
    if near:
        return f"Did you mean {near[0]!r}?"
    if not words:
        return "There is no such word yet"
    more = f" … ({len(words)} in all)" if len(words) > LISTED else ""
    return f"Write one of {', '.join(words[:LISTED])}{more}"


def slip_of(word: str, known: Iterable[str]) -> str | None:
    """The known word that a slip makes into `word`; None where there is none.

    A slip doubles, drops, adds or changes a letter, or swaps two.
    """
    return next((one for one in known if _is_slip(word, one)), None)


def _is_slip(word: str, known: str) -> bool:
    longer, shorter = (word, known) if len(word) >= len(known) else (known, word)
    if len(longer) - len(shorter) == 1:
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
    if len(longer) != len(shorter):
        return False
    apart = [(a, b) for a, b in zip(word, known, strict=True) if a != b]
    return len(apart) == 1 or (len(apart) == 2 and apart[0] == apart[1][::-1])
