"""Random tables, random damage: every row ends somewhere, no loaded row differs from its source, no crash.

Each cell begins with a mark of its row and column, so that a shifted, merged or half-read row gives itself
away. Damage is one accident per row, and at most one of them adds or takes a quote: two such accidents can
cancel each other into a text that is legal and means something else, which no reader can tell.

One case is left out, and only that: a quote that gets lost where a text has lines that read like whole
rows. `a,b,c,d` `p,q,r,s` `t"` is a text whose opening quote was lost before `d`, or three rows of which the
last has a mark of inches: each is one accident away, and whoever loads the second row in one case loads it in
the other.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestration.ingest.framing import IN_DOUBT, REASONS
from tests.ingest_single import SingleFileLoader, entry_for, single_file_loader

CASES = int(os.environ.get("MERITLINE_DAMAGE_CASES", "2000"))
COLUMNS = ("team_id", "team_name", "department", "lead_agent_id")
BLANKS = " \t\u00a0\u3000"
KEYS = {"team_id", "lead_agent_id"}
"""Keys of this and of another table."""
ENTRIES = {
    encoding: entry_for("workforce.team", {name: {"from": name} for name in COLUMNS}, encoding=encoding)
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16")
}
MARK = re.compile(r"⟦(\d+)\.(\d+)⟧")

LINES = ("\np,q,r,s\nt", '\np,q,r,s\np,"q,q",r,s\n', "\n\np,q,r,s\np,q,r,s,")
"""Texts of several lines of which some look like rows of the table."""

TAIL = st.one_of(st.text(alphabet=st.sampled_from("ab0 ,\";\n\r'中é"), max_size=5), st.sampled_from(LINES))


@dataclass(frozen=True)
class Accident:
    """Something that happens at a place of a row: `where` is a fraction of the row's length."""

    row: int
    kind: str
    where: float


@dataclass(frozen=True)
class Case:
    """A table, how it is written, and what happens to it."""

    tails: list[list[str]]
    line_end: str
    quoting: int
    encoding: str
    accidents: list[Accident]
    is_ended: bool

    @property
    def cells(self) -> list[list[str]]:
        return [[f"⟦{r}.{c}⟧{tail}" for c, tail in enumerate(row)] for r, row in enumerate(self.tails)]

    @property
    def loaded(self) -> list[tuple[str, ...]]:
        """The rows as they load: keys lose the blanks around them."""
        return [
            tuple(
                cell.strip(BLANKS) if name in KEYS else cell for name, cell in zip(COLUMNS, row, strict=True)
            )
            for row in self.cells
        ]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tails = draw(st.lists(st.lists(TAIL, min_size=4, max_size=4), min_size=1, max_size=6))
    kinds = ["separator", "lost", "line", "cut", "nul", "blank", "bytes", "twice", "tail_separator"]
    rows = draw(st.lists(st.integers(0, len(tails) - 1), unique=True, max_size=3))
    accidents = [Accident(row, draw(st.sampled_from(kinds)), draw(st.floats(0, 1))) for row in rows]
    if accidents and draw(st.booleans()):
        reads_like_rows = any(tail in LINES for row in tails for tail in row)
        kind = draw(st.sampled_from(["quote"] if reads_like_rows else ["quote", "lost_quote"]))
        accidents[0] = Accident(accidents[0].row, kind, accidents[0].where)
    return Case(
        tails=tails,
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])),
        accidents=accidents,
        is_ended=draw(st.booleans()),
    )


def written(row: list[str], case: Case) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=case.line_end, quoting=case.quoting).writerow(row)
    # The writer leaves a lone CR unquoted when lines end in LF only, which is not a field any more.
    if "\r" in "".join(row) and case.quoting == csv.QUOTE_MINIMAL:
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator=case.line_end, quoting=csv.QUOTE_ALL).writerow(row)
    return out.getvalue()


def damaged(text: str, accident: Accident, case: Case) -> bytes:
    """A row's bytes after its accident."""
    encoding = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(case.encoding, case.encoding)
    body = text.removesuffix(case.line_end)
    place = int(accident.where * len(body))
    if accident.kind == "lost" and place < len(body) and body[place] != '"':
        text = body[:place] + body[place + 1 :] + case.line_end
    if accident.kind == "lost_quote" and (quotes := [i for i, c in enumerate(body) if c == '"']):
        place = quotes[int(accident.where * (len(quotes) - 1))]
        text = body[:place] + body[place + 1 :] + case.line_end
    inserted = {"separator": ",", "line": "\n", "nul": "\0", "quote": '"', "blank": ""}.get(accident.kind)
    if inserted is not None:
        text = body[:place] + inserted + body[place:] + case.line_end
    if accident.kind == "tail_separator":
        text = body + "," + case.line_end
    if accident.kind == "cut":
        text = body[:place]
    if accident.kind == "blank":
        text = case.line_end + text
    if accident.kind == "twice":
        text += text
    if accident.kind == "bytes" and encoding in ("utf-8", "gb18030"):
        return body[:place].encode(encoding) + b"\xff" + (body[place:] + case.line_end).encode(encoding)
    return text.encode(encoding)


def file_of(case: Case) -> bytes:
    accidents = {accident.row: accident for accident in case.accidents}
    encoding = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(case.encoding, case.encoding)
    bom = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16": b"\xff\xfe"}.get(case.encoding, b"")
    parts = [bom + written(list(COLUMNS), case).encode(encoding)]
    for number, row in enumerate(case.cells):
        text = written(row, case)
        if number in accidents:
            parts.append(damaged(text, accidents[number], case))
            if accidents[number].kind == "cut":
                break
        else:
            parts.append(text.encode(encoding))
    content = b"".join(parts)
    ending = case.line_end.encode(encoding)
    return content if case.is_ended else content.removesuffix(ending)


def one_text(accident: Accident) -> Case:
    """A file whose only quotes are those of a text that reads like rows."""
    return Case([["", "", LINES[0], ""]], "\n", csv.QUOTE_MINIMAL, "utf-8", [accident], True)


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SingleFileLoader]:
    folder: Path = tmp_path_factory.mktemp("damage")
    with single_file_loader(folder) as ready:
        yield ready


@settings(
    max_examples=CASES,
    derandomize=True,  # a night in CI repeats; the search goes on with another seed on a desk
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(case=cases())
@example(one_text(Accident(0, "nul", 0.34375)))
@example(one_text(Accident(0, "bytes", 0.34375)))
@example(one_text(Accident(0, "lost", 0.3)))
def test_damage(loader: SingleFileLoader, case: Case) -> None:
    outcome = loader.load("team.csv", file_of(case), ENTRIES[case.encoding])
    figures = outcome.figures
    touched = {accident.row: accident.kind for accident in case.accidents}

    # Every row ends once, loaded or rejected with a number and a reason.
    assert figures.status == "loaded"
    assert figures.row_count == figures.accepted_row_count + figures.rejected_row_count
    assert figures.accepted_row_count == len(outcome.rows)
    assert figures.rejected_row_count == len(outcome.rejected)
    numbers = [row["_row_number"] for row in outcome.rows] + [row["row_number"] for row in outcome.rejected]
    assert len(set(numbers)) == len(numbers)
    assert all(row["reason"] for row in outcome.rejected)

    # Rows before the first accident are loaded, but for those that a broken quote puts in doubt; without an
    # accident all are.
    first = min(touched, default=len(case.cells))
    loaded = [tuple(row[name] for name in COLUMNS) for row in outcome.rows]
    expected = case.loaded
    in_doubt = [row for row in outcome.rejected if row["reason"] == REASONS[IN_DOUBT]]
    assert touched or not outcome.rejected
    if in_doubt:
        surely = sum(1 for row in outcome.rows if row["_row_number"] < in_doubt[0]["row_number"])
        assert loaded[:surely][:first] == expected[: min(surely, first)]
    else:
        assert loaded[:first] == expected[:first]

    # A loaded row is a row of the table, or the one row that the accident changed: never a mixture.
    for cells in loaded:
        if cells in expected:
            continue
        marks = {
            (int(row), int(column), place)
            for place, cell in enumerate(cells)
            for row, column in MARK.findall(cell or "")
        }
        assert {column for _, column, _ in marks} <= set(range(4))
        assert all(column == place for _, column, place in marks), cells
        rows = {row for row, _, _ in marks}
        assert len(rows) == 1, cells
        assert rows <= set(touched), cells

    # A separator too many is never loaded as a shifted row.
    for row, kind in touched.items():
        if kind == "tail_separator":
            assert expected[row] not in loaded
