"""The trace of every bonus of a published centre: a tree that gives its amount, and leads to an export row
or a policy row wherever it ends.
"""

from __future__ import annotations

import html.parser
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.audit.calculation.graph import graph_of_tree
from orchestration.audit.node import Trace
from orchestration.audit.publications import read_manifest
from orchestration.audit.relations import AuditFile
from orchestration.audit.show.page import trace_page
from orchestration.audit.trace import trace_bonus, trace_from
from orchestration.audit.verify.stated import evaluated as findings_of
from orchestration.audit.words import tree_evaluator
from orchestration.cli import run

Bonus = tuple[str, str, str]
"""Plan, agent, period."""


@pytest.fixture(scope="module")
def publication(published_demo: Path) -> Path:
    """Folder of the demo's publication."""
    return (published_demo / "published" / "current").resolve()


@pytest.fixture(scope="module")
def traced(publication: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The auditors' database of the publication."""
    with duckdb.connect() as database:
        database.execute(f"attach '{publication}/auditor.duckdb' as publication (read_only)")
        database.execute("use publication")
        yield database


def rows(database: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return database.execute(sql).fetchall()


STRAY = {
    "a bonus without its tree, or a tree without its bonus": """
        select coalesce(bonus.bonus_id, root.bonus_id) from bonus.bonus as bonus
        full join (from audit.bonus_trace where parent_node_id is null) as root using (bonus_id)
        where root.value is distinct from bonus.amount_cny
    """,
    "a line that is not below its bonus": """
        select bonus_line_id from bonus.bonus_line as line anti join (
            select bonus_id, input_key as bonus_line_id from audit.bonus_trace where depth = 1
        ) as node using (bonus_id, bonus_line_id)
    """,
    "a due component without a line or a reason in both languages": """
        select concat_ws(':', agent_id, period_id, component_id, segment_no) from bonus.bonus_due as due
        where period_id not in (select period_id from facts.dim_settled_period)
            and not exists (
                select 1 from bonus.bonus_line as line
                where line.bonus_line_id
                    like due.period_id || ':' || due.agent_id || ':' || due.component_id || ':'
                        || due.segment_no || ':%'
            )
            and not exists (
                select 1 from audit.bonus_trace as node
                where node.kind = 'unpaid' and node.reason <> '' and node.reason_zh <> ''
                    and node.input_key = concat_ws(
                        ':', due.agent_id, due.period_id, due.component_id, due.segment_no
                    )
            )
    """,
    "a node below none, or not one level deeper": """
        select node.node_id from audit.bonus_trace as node
        left join audit.bonus_trace as parent
            on node.bonus_id = parent.bonus_id and node.parent_node_id = parent.node_id
        where node.depth is distinct from coalesce(parent.depth + 1, 0)
            or (parent.node_id is null and node.parent_node_id is not null)
    """,
    "two nodes in one place": """
        select parent_node_id || '#' || position from audit.bonus_trace
        where parent_node_id is not null group by all having count(*) > 1
    """,
    "a number taken apart twice in a tree": """
        select bonus_id || ' ' || node_key from audit.bonus_trace
        where operation is not null group by all having count(*) > 1
    """,
    "a number that is taken apart nowhere": """
        select again.node_id from audit.bonus_trace as again
        anti join (from audit.bonus_trace where operation is not null) as made
            on again.bonus_id = made.bonus_id and again.node_key = made.node_key
        anti join (from audit.bonus_trace where not is_shared) as plain
            on again.bonus_id = plain.bonus_id and again.node_key = plain.node_key
        where again.is_shared
    """,
    "a node without labels": """
        select node_id from audit.bonus_trace where coalesce(label, '') = '' or coalesce(label_zh, '') = ''
    """,
}
"""What must not be, by name: a query of it."""


@pytest.mark.parametrize("what", STRAY)
def test_every_bonus_is_a_tree_of_everything_due(traced: duckdb.DuckDBPyConnection, what: str) -> None:
    assert rows(traced, STRAY[what])[:5] == []


ENDS = """
    select node.kind, node.input_model, node.input_key, node.node_id
    from audit.bonus_trace as node
    where node.operation is null and not node.is_shared
        and not exists (
            select 1 from audit.bonus_trace as below
            where below.bonus_id = node.bonus_id and below.parent_node_id = node.node_id
        )
"""

OF_NO_RELATION = {
    "constant": "a number of arithmetic: the whole of a share, a hundredth, nothing",
    "cohort": "other people's numbers: a rank says what is to be known of them",
}
"""Kinds of leaves that no published relation holds, with the reason."""


def test_every_leaf_is_a_published_cell_or_named_here(traced: duckdb.DuckDBPyConnection) -> None:
    nowhere = rows(traced, f"select distinct kind from ({ENDS}) where input_model is null order by all")
    assert {kind for (kind,) in nowhere} == set(OF_NO_RELATION)
    models = {model for (model,) in rows(traced, f"select distinct input_model from ({ENDS})") if model}
    known = {model for (model,) in rows(traced, "select distinct model from audit.relation_key")}
    assert models <= known


def test_every_tree_gives_its_numbers(traced: duckdb.DuckDBPyConnection, publication: Path) -> None:
    """Each tree by itself: operations applied to children, down from policy rows, sums and counts."""
    count = 0
    with AuditFile(publication) as audit:
        for (bonus_id,) in rows(traced, "select bonus_id from bonus.bonus order by all"):
            graph = graph_of_tree(audit.select("audit.bonus_trace", {"bonus_id": bonus_id}))
            assert findings_of(graph, {}, tree_evaluator(graph)) == []
            count += sum(1 for number in graph.numbers.values() if number.operation is not None)
    assert count > 5000


@pytest.fixture(scope="module")
def bonuses(traced: duckdb.DuckDBPyConnection) -> list[Bonus]:
    """A bonus of every plan and kind of period, paid best."""
    found = rows(
        traced,
        """
        select scheme_id, arg_max(agent_id, amount_cny), arg_max(period_id, amount_cny)
        from bonus.bonus where line_count > 0 group by scheme_id, period_kind order by all
        """,
    )
    return [(str(plan), str(agent), str(period)) for plan, agent, period in found]


@pytest.fixture(scope="module")
def traces(publication: Path, bonuses: list[Bonus]) -> list[Trace]:
    """Their traces, with every evidence row."""
    manifest = read_manifest(publication)
    with AuditFile(publication) as audit:
        return [
            trace_from(audit, manifest, agent_id=agent, period_id=period, show_all=True)
            for _, agent, period in bonuses
        ]


EQUATION = re.compile(r"[-−+×/() 0-9.]+ = [−0-9.]+")


def test_every_calculation_shown_is_right(traces: list[Trace]) -> None:
    """What stands left of the equals sign gives what stands right of it, to the places that it shows."""
    count = 0
    for trace in traces:
        for node in trace.root.walk():
            if node.by_hand is None or not EQUATION.fullmatch(node.by_hand.en):
                continue
            left, _, right = node.by_hand.en.rpartition(" = ")
            result = Fraction(Decimal(right.replace("−", "-")))
            half = Fraction(1, 2) / 10 ** len(right.partition(".")[2])
            assert abs(arithmetic(left) - result) <= half * (2 if "." in right else 1), node.by_hand
            count += 1
    assert count > 300


def arithmetic(text: str) -> Fraction:
    """The value of a calculation in plain numbers."""
    words = re.findall(r"[()]|[−+×/]|\d+(?:\.\d+)?", text)
    assert "".join(words) == text.replace(" ", ""), text
    signs = {"−": "-", "×": "*"}
    code = " ".join(signs.get(word, word if word in "()+/" else f"Fraction('{word}')") for word in words)
    return Fraction(eval(code, {"Fraction": Fraction}))


def test_every_sentence_is_said_in_both_languages(traces: list[Trace]) -> None:
    said = [
        phrase
        for trace in traces
        for node in trace.root.walk()
        for phrase in (node.by_hand, node.reason, node.band, *node.notes)
        if phrase is not None and phrase.en != phrase.zh
    ]
    assert len(said) > 100
    assert [phrase for phrase in said if not re.search("[\u4e00-\u9fff]", phrase.zh)] == []


def test_what_is_not_paid_for_an_event_names_its_export_lines(
    traced: duckdb.DuckDBPyConnection, publication: Path
) -> None:
    """Days of annual leave on 2026-10-12, workforce/attendance.csv row 311; none of a limit that is kept."""
    found = rows(
        traced,
        """
        select unpaid.period_id, unpaid.agent_id, unpaid.component_id, gate.event_kind
        from bonus.bonus_unpaid as unpaid
        inner join bonus.bonus_gate as gate using (agent_id, period_id, component_id, segment_no)
        where unpaid.reason = 'not_met' and gate.status = 'not_met'
        qualify row_number() over (
            partition by unpaid.agent_id, unpaid.period_id, unpaid.component_id, unpaid.segment_no
            order by gate.event_kind, gate.comparison
        ) = 1
        order by all limit 6
        """,
    )
    cited = 0
    for period, agent, component, kind in found:
        trace = trace_bonus(publication, agent_id=agent, period_id=period, show_all=True)
        unpaid = [node for node in trace.unpaid if f":{component}:" in str(node.input_key)]
        lines = rows(
            traced,
            f"""
            select source.row_number from bonus.bonus_evidence as evidence
            inner join audit.source_row as source using (evidence_model, evidence_key)
            where evidence.is_counted and evidence.agent_id = '{agent}' and evidence.event_kind = '{kind}'
                and strftime(evidence.event_on, '%Y-%m') = '{period}'
            """,
        )
        for node in unpaid:
            assert node.reason is not None
            said = [
                int(one)
                for part in re.findall(r"\.csv rows? ([\d, ]+)", node.reason.en)
                for one in part.split(", ")
            ]
            assert sorted(said) == sorted(number for (number,) in lines), node.reason.en
            assert ("第" in node.reason.zh) == bool(said)
            cited += len(said)
    assert cited > 0


def test_what_is_not_paid_says_how_much_where_the_plan_states_it(
    traced: duckdb.DuckDBPyConnection, publication: Path, published_demo: Path
) -> None:
    found = rows(
        traced,
        """
        select period_id, agent_id, component_id, not_paid_cny from bonus.bonus_unpaid
        where not_paid_cny is not null order by all
        """,
    )
    assert {component for _, _, component, _ in found} >= {"ss_attendance", "pa_target"}
    for period, agent, component, amount in found[:6]:
        trace = trace_bonus(publication, agent_id=agent, period_id=period)
        [node] = [one for one in trace.unpaid if f":{component}:" in str(one.input_key)]
        assert node.not_paid == amount
    period, agent, _, _ = next(one for one in found if one[2] == "ss_attendance")
    shown = console(published_demo, "trace", agent, period)
    assert "Full attendance award 全勤奖: 500.00 元 not paid 未发放: " in shown
    page = trace_page(trace_bonus(publication, agent_id=agent, period_id=period))
    assert "500.00 not paid:" in page and "500.00 未发放：" in page


def test_a_trace_ends_in_files_rows_and_hashes(traces: list[Trace]) -> None:
    for trace in traces:
        sources = [source for node in trace.root.walk() for source in node.sources]
        evidence = [row for one in trace.evidence.values() for row in one.rows]
        sources += [row.source for row in evidence]
        assert sources, f"{trace.agent_id} {trace.period_id} leads to no export line"
        for source in sources:
            assert source.file and source.row_number and source.row_hash and source.file_hash, source
        for one in trace.evidence.values():
            assert one.row_count == len(one.rows)
            counted = [row for row in one.rows if row.is_counted]
            assert sum((row.numerator for row in counted), Decimal(0)) == one.numerator


def test_clauses_are_said_in_the_documents_words(bonuses: list[Bonus], published_demo: Path) -> None:
    _, agent, period = next(one for one in bonuses if one[0] == "centre_grade" and len(one[2]) == 7)
    shown = console(published_demo, "trace", agent, period)
    assert "CG-11" in shown and "「" in shown and "rank" in shown and "SHA-256" not in shown
    as_json = json.loads(console(published_demo, "trace", agent, period, "--format", "json"))
    assert as_json["agent_id"] == agent


def console(state: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", "--state", str(state), *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return done.stdout


def test_the_command_loads_nothing_big(published_demo: Path, bonuses: list[Bonus]) -> None:
    """A second is what a person waits for: what it never uses would take as long to load."""
    _, agent, period = bonuses[0]
    words = ["--state", str(published_demo), "trace", agent, period]
    code = f"import sys; from orchestration.cli import run; run({words!r}); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "duckdb" in loaded
    assert not loaded & {"pandas", "dagster", "dbt", "great_expectations", "numpy"}


class Tags(html.parser.HTMLParser):
    """What a page would load, and whether its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [str(value) for name, value in attrs if name in ("src", "href") and value]
        if tag not in ("meta", "br", "link", "img", "hr", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_self_contained_and_in_both_languages(
    published_demo: Path, bonuses: list[Bonus], capsys: pytest.CaptureFixture[str]
) -> None:
    _, agent, period = bonuses[0]
    assert run(["--state", str(published_demo), "trace", agent, period, "--format", "html"]) == 0
    page = capsys.readouterr().out
    tags = Tags()
    tags.feed(page)
    assert not [one for one in tags.loads if not one.startswith("#")]
    assert not tags.open
    assert "@media print" in page and "奖金" in page and "bonus" in page
    assert page.index("class='waterfall'") < page.index("<details"), "the lines come first, then how"
    assert page.count("<details>") > 10 and "<summary>" in page
    assert "url(" not in page and "http" not in re.sub(r'xmlns="[^"]*"', "", page)


def test_one_line_of_a_bonus(publication: Path, bonuses: list[Bonus]) -> None:
    _, agent, period = next(one for one in bonuses if one[0] == "points_2017")
    whole = trace_bonus(publication, agent_id=agent, period_id=period)
    one = trace_bonus(publication, agent_id=agent, period_id=period, line_no=2)
    kept = [node for node in one.root.children if node.kind == "line"]
    assert len(kept) == 1 < len([node for node in whole.root.children if node.kind == "line"])


def test_unknown_names_get_near_ones(
    published_demo: Path, bonuses: list[Bonus], capsys: pytest.CaptureFixture[str]
) -> None:
    _, agent, period = bonuses[0]
    for words, said in (
        ([agent.lower() + "9", period], "Did you mean"),
        ([agent, "2026-13"], "2026-1"),
        (["O'Neil", period], "no agent"),
        ([agent, period, "--line", "99"], "has no line 99"),
        ([agent, period, "--publication", "000009"], "there is no publication"),
    ):
        assert run(["--state", str(published_demo), "trace", *words]) == 2
        assert said in capsys.readouterr().err


def test_an_approved_ruling_shows_before_and_after(
    traced: duckdb.DuckDBPyConnection, publication: Path
) -> None:
    found = rows(
        traced,
        """
        select distinct node.bonus_id, evidence.kpi_id, evidence.ruling_id
        from kpi.kpi_evidence as evidence
        inner join facts.dim_period_month as month on evidence.month_id = month.month_id
        inner join audit.bonus_trace as node
            on node.input_model = 'kpi_observation'
            and node.input_key = concat_ws(':', evidence.agent_id, month.period_id, evidence.kpi_id)
        where evidence.exclusion_reason = 'ruling' order by all limit 3
        """,
    )
    assert found
    for bonus_id, kpi_id, ruling_id in found:
        period, agent = str(bonus_id).split(":")
        trace = trace_bonus(publication, agent_id=agent, period_id=period, show_all=True)
        evidence = next(one for one in trace.evidence.values() if one.name == kpi_id)
        assert evidence.without_rulings is not None
        assert evidence.without_rulings != (evidence.numerator, evidence.denominator)
        ruled = [row for row in evidence.rows if row.ruling is not None]
        assert ruling_id in [row.ruling.ruling_id for row in ruled if row.ruling is not None]
        assert all(row.ruling is None or row.ruling.source is not None for row in ruled)
