"""Evidence packs: complete, offline, nothing of other agents, and no byte can change unnoticed."""

from __future__ import annotations

import json
import random
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.pack.verify import PackUnreadable, verify_pack
from orchestration.audit.pack.write import INDEX, write_pack
from orchestration.cli import run
from orchestration.errors import ConfigurationError
from tests.forged_pack import rewritten

Change = Callable[[bytes], bytes]
"""Makes another content of a member."""


@pytest.fixture(scope="module")
def publication(published_demo: Path) -> Path:
    """Folder of the demo's publication."""
    return (published_demo / "published" / "current").resolve()


@pytest.fixture(scope="module")
def bonuses(publication: Path) -> list[tuple[str, str, str]]:
    """A bonus of every plan and kind of period, paid best: plan, agent, period."""
    with duckdb.connect() as database:
        return database.execute(
            f"""
            select scheme_id, arg_max(agent_id, amount_cny), arg_max(period_id, amount_cny)
            from read_parquet('{publication}/auditor/bonus.bonus/all.parquet')
            where line_count > 0
            group by scheme_id, period_kind
            order by all
            """
        ).fetchall()


@pytest.fixture(scope="module")
def packs(
    publication: Path, bonuses: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Path]:
    """Packs of those bonuses, by agent and period."""
    folder = tmp_path_factory.mktemp("packs")
    return {
        (agent, period): write_pack(
            publication, agent_id=agent, period_id=period, out=folder / f"{agent}_{period}.zip"
        )
        for _, agent, period in bonuses
    }


def test_packs_of_every_plan_verify_offline(packs: dict[tuple[str, str], Path]) -> None:
    assert len(packs) > 12
    for path in packs.values():
        report = verify_pack(path)
        assert report.is_sound, (path.name, [str(finding) for finding in report.findings[:5]])
        numbers = next(check for check in report.checks if check.name.startswith("every number follows"))
        assert numbers.looked_at > 2


def test_a_pack_holds_nothing_of_other_agents(packs: dict[tuple[str, str], Path], publication: Path) -> None:
    with duckdb.connect() as database:
        people = database.execute(
            f"select agent_id, agent_name from '{publication}/auditor/facts.dim_agent/all.parquet'"
        ).fetchall()
    for (agent, _), path in packs.items():
        others = {text for one in people if one[0] != agent for text in one if text}
        names = {one[1] for one in people if one[0] == agent}
        pattern = re.compile("|".join(rf"\b{re.escape(text)}\b" for text in sorted(others - names)))
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                found = pattern.findall(archive.read(member).decode("utf-8"))
                assert not found, (path.name, member, found[:3])


def test_a_cohort_is_what_everyone_was_ranked_by(packs: dict[tuple[str, str], Path]) -> None:
    cohorts = []
    for path in packs.values():
        with zipfile.ZipFile(path) as archive:
            cohorts += json.loads(archive.read("cohort.json"))
    assert len(cohorts) > 5
    for cohort in cohorts:
        assert (
            set(cohort) == {"cohort", "size", "ranked_by"} and cohort["size"] == len(cohort["ranked_by"]) > 0
        )
        assert all(Decimal(text) is not None for numbers in cohort["ranked_by"] for _, text in numbers)


def test_the_same_publication_gives_the_same_pack(
    packs: dict[tuple[str, str], Path], publication: Path, tmp_path: Path
) -> None:
    (agent, period), path = next(iter(packs.items()))
    again = write_pack(publication, agent_id=agent, period_id=period, out=tmp_path / "again.zip")
    assert again.read_bytes() == path.read_bytes()


def test_any_byte_of_any_member_is_found_and_named(
    packs: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    path = min(packs.values(), key=lambda one: one.stat().st_size)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chance = random.Random(11)
    for number, (name, content) in enumerate(members.items()):
        changed = bytearray(content)
        changed[chance.randrange(len(changed))] ^= 1
        target = rewritten(path, tmp_path / f"{number}.zip", {name: bytes(changed)})
        try:
            report = verify_pack(target)
        except (PackUnreadable, ConfigurationError) as error:
            assert name == INDEX and INDEX in str(error)
            continue
        assert any(name in str(finding) for finding in report.findings), name


@pytest.mark.parametrize(
    ("relation", "column", "check"),
    [
        ("kpi.kpi_evidence", "numerator", "sums = their evidence"),
        ("kpi.kpi_evidence", "is_counted", "evidence rows"),
        ("score.score_line", "points", "every number is"),
        ("grade.grade", "grade", "every number is"),
        ("grade.grade", "rank", "every number is"),
        ("bonus.bonus_line", "amount_cny", "every number is"),
        ("bonus.bonus", "amount_cny", "every number is"),
        ("policy.policy_component_rate", "rate", "every number is"),
        ("audit.bonus_trace", "value", "every number follows"),
    ],
)
def test_a_pack_forged_to_fit_its_hashes_fails_its_arithmetic(
    packs: dict[tuple[str, str], Path],
    bonuses: list[tuple[str, str, str]],
    tmp_path: Path,
    relation: str,
    column: str,
    check: str,
) -> None:
    key = next(
        (agent, period) for plan, agent, period in bonuses if plan == "centre_grade" and len(period) == 7
    )
    name = f"data/{relation}.json"
    with zipfile.ZipFile(packs[key]) as archive:
        table = json.loads(archive.read(name))
    position = [one for one, _ in table["columns"]].index(column)
    for row in table["rows"]:
        if row[position] is not None:
            if isinstance(row[position], bool):
                row[position] = not row[position]
                continue
            is_word = not str(row[position]).replace(".", "").replace("-", "").isdigit()
            row[position] = f"{row[position]}x" if is_word else str(float(row[position]) + 1)
    forged = rewritten(packs[key], tmp_path / "forged.zip", {name: json.dumps(table).encode()}, reseal=True)
    report = verify_pack(forged)
    wrong = [one.name for one in report.checks if one.wrong]
    assert any(one.startswith(check) for one in wrong), wrong


def _changed_table(column: str, value: str) -> Change:
    def change(content: bytes) -> bytes:
        table = json.loads(content)
        position = [name for name, _ in table["columns"]].index(column)
        for row in table["rows"]:
            row[position] = value
        return json.dumps(table).encode()

    return change


def _inner_value(content: bytes) -> bytes:
    """A node below a line's own parts shows another number."""
    trace = json.loads(content)
    node = trace["root"]
    while node["children"]:
        node = node["children"][-1]
    node["value"] = "999999"
    return json.dumps(trace, ensure_ascii=False, indent=1).encode()


def _line_dropped(content: bytes) -> bytes:
    trace = json.loads(content)
    trace["root"]["children"].pop()
    return json.dumps(trace, ensure_ascii=False, indent=1).encode()


def _evidence_number(content: bytes) -> bytes:
    trace = json.loads(content)
    rows = next(one["rows"] for one in trace["evidence"].values() if one["rows"])
    rows[0]["numerator"] = "77"
    return json.dumps(trace, ensure_ascii=False, indent=1).encode()


def _others_worse(content: bytes) -> bytes:
    """Everyone else was ranked by less: then another rank would be the agent's."""
    cohorts = json.loads(content)
    for cohort in cohorts:
        cohort["ranked_by"] = [[[place, "0"] for place, _ in one] for one in cohort["ranked_by"]]
    return json.dumps(cohorts, ensure_ascii=False, indent=1).encode()


def _last_rows_dropped(content: bytes) -> bytes:
    """What hangs right below the bonus is left out."""
    table = json.loads(content)
    depth = [name for name, _ in table["columns"]].index("depth")
    table["rows"] = [row for row in table["rows"] if row[depth] == 0]
    return json.dumps(table).encode()


@pytest.mark.parametrize(
    ("member", "change", "said"),
    [
        ("trace.html", lambda content: content.replace(b"2", b"9"), "trace.html: is not what the rows"),
        ("trace.json", _inner_value, "trace.json: is not what the rows"),
        ("trace.json", _line_dropped, "trace.json: is not what the rows"),
        ("trace.json", _evidence_number, "trace.json: is not what the rows"),
        ("cohort.json", _others_worse, "for it"),
        (
            "data/audit.load_file.json",
            _changed_table("sha256", "00"),
            "sha256: is no input file of the publication",
        ),
        ("data/audit.source_row.json", _changed_table("row_hash", "00"), "has no hash of a row"),
        ("data/audit.bonus_trace.json", _changed_table("value", "1"), "its operands give"),
        ("data/audit.bonus_trace.json", _changed_table("input_key", "x"), "a row that is not there"),
        ("data/audit.bonus_trace.json", _last_rows_dropped, "is not in the tree"),
        ("clauses.json", lambda content: content.replace(b"1", b"2"), "clauses.json: is not what"),
    ],
    ids=[
        "page",
        "inner node",
        "line",
        "evidence",
        "cohort",
        "file hash",
        "row hash",
        "tree",
        "cells",
        "left out",
        "rules",
    ],
)
def test_a_pack_forged_elsewhere_is_found(
    packs: dict[tuple[str, str], Path],
    bonuses: list[tuple[str, str, str]],
    tmp_path: Path,
    member: str,
    change: Change,
    said: str,
) -> None:
    key = next(
        (agent, period) for plan, agent, period in bonuses if plan == "centre_grade" and len(period) == 7
    )
    with zipfile.ZipFile(packs[key]) as archive:
        content = archive.read(member)
    assert change(content) != content
    forged = rewritten(packs[key], tmp_path / "forged.zip", {member: change(content)}, reseal=True)
    found = [str(finding) for finding in verify_pack(forged).findings]
    assert any(said in one for one in found), found[:5]


def test_another_versions_page_is_said_not_to_be_checked(
    packs: dict[tuple[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.audit.pack.verify.writer_hash", lambda: "another")
    report = verify_pack(next(iter(packs.values())))
    assert report.is_sound
    assert any("trace.html" in one and "another version" in one for one in report.not_checked)
    assert any("manifest_sha256" in one for one in report.not_checked)


def test_a_member_more_or_less_is_named(packs: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    path = next(iter(packs.values()))
    more = verify_pack(rewritten(path, tmp_path / "more.zip", {"extra.txt": b"?"}))
    assert any("extra.txt" in str(finding) for finding in more.findings)
    less = verify_pack(rewritten(path, tmp_path / "less.zip", {"trace.html": None}))
    assert any("trace.html" in str(finding) for finding in less.findings)


def test_commands_write_and_verify_a_pack(
    published_demo: Path,
    bonuses: list[tuple[str, str, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, agent, period = bonuses[0]
    out = tmp_path / "pack.zip"
    assert run(["--state", str(published_demo), "pack", agent, period, "--out", str(out)]) == 0
    assert out.stat().st_mode & 0o077 == 0, "a pack is pay: its owner's alone"
    assert run(["--state", str(published_demo), "pack", agent, period, "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    words = ["--state", str(published_demo), "pack", agent, period, "--publication"]
    assert run([*words, "000001-2026-10-31", "--out", str(tmp_path / "named.zip")]) == 0
    assert (tmp_path / "named.zip").read_bytes() == out.read_bytes()
    assert run([*words, "000009", "--out", str(tmp_path / "none.zip")]) == 2
    assert "there is no publication '000009'" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)  # no state folder here
    assert run(["verify", "--pack", str(out)]) == 0
    assert "sound" in capsys.readouterr().out
    assert (
        run(["--state", str(published_demo), "pack", "A9999", period, "--out", str(tmp_path / "b.zip")]) == 2
    )


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 half a zip"])
def test_what_is_no_pack_is_said(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    assert run(["verify", "--pack", str(path)]) == 1
    assert "pack.zip" in capsys.readouterr().err
