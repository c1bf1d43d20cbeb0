"""Evidence packs: complete, offline, nothing of other agents, and no byte can change unnoticed."""

from __future__ import annotations

import json
import random
import re
import shutil
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.pack import INDEX, sealed_index, write_pack
from orchestration.audit.verify.pack import PackUnreadable, verify_pack
from orchestration.cli import run
from orchestration.errors import ConfigurationError

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
            from read_parquet('{publication}/auditor/bonus.bonus.parquet')
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
        lines = next(check for check in report.checks if check.name.startswith("bonus line"))
        assert lines.looked_at > 0


def test_a_pack_holds_nothing_of_other_agents(packs: dict[tuple[str, str], Path], publication: Path) -> None:
    with duckdb.connect() as database:
        people = database.execute(
            f"select agent_id, agent_name from read_parquet('{publication}/auditor/facts.dim_agent.parquet')"
        ).fetchall()
    for (agent, _), path in packs.items():
        others = {text for one in people if one[0] != agent for text in one if text}
        names = {one[1] for one in people if one[0] == agent}
        pattern = re.compile("|".join(rf"\b{re.escape(text)}\b" for text in sorted(others - names)))
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                found = pattern.findall(archive.read(member).decode("utf-8"))
                assert not found, (path.name, member, found[:3])


def test_the_cohort_is_ranks_and_cut_offs(packs: dict[tuple[str, str], Path]) -> None:
    cohorts = []
    for path in packs.values():
        with zipfile.ZipFile(path) as archive:
            cohorts.append(json.loads(archive.read("cohort.json")))
    graded = [cohort for cohort in cohorts if cohort["grades"]]
    assert graded
    for cohort in graded:
        assert sum(band["members"] for band in cohort["grades"]) == cohort["cohort_size"]
        assert set(cohort["grades"][0]) == {"grade", "members", "first_rank", "last_rank", "lowest_score"}


def test_the_same_publication_gives_the_same_pack(
    packs: dict[tuple[str, str], Path], publication: Path, tmp_path: Path
) -> None:
    (agent, period), path = next(iter(packs.items()))
    again = write_pack(publication, agent_id=agent, period_id=period, out=tmp_path / "again.zip")
    assert again.read_bytes() == path.read_bytes()


def rewritten(path: Path, target: Path, changes: dict[str, bytes | None], *, reseal: bool = False) -> Path:
    """A copy of a pack with other members; with `reseal` the index is made to fit."""
    import hashlib

    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, content in changes.items():
        members.pop(name, None)
        if content is not None:
            members[name] = content
    if reseal:
        index = json.loads(members[INDEX])
        del index["seal"]
        index["files"] = {
            name: hashlib.sha256(content).hexdigest()
            for name, content in sorted(members.items())
            if name != INDEX
        }
        members[INDEX] = sealed_index(index).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


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
        ("kpi.kpi_evidence", "numerator", "observation = sum"),
        ("score.score_line", "points", "score line"),
        ("grade.grade", "grade", "grade by rank"),
        ("bonus.bonus_line", "amount_cny", "bonus = sum"),
        ("policy.policy_component_rate", "rate", "bonus line"),
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


@pytest.mark.parametrize(
    ("member", "change", "said"),
    [
        ("trace.html", lambda content: content.replace(b"2", b"9"), "is not the page of trace.json"),
        ("trace.json", _inner_value, "shows 999999, the published trace"),
        ("trace.json", _line_dropped, "line shows nothing, the bonus has"),
        ("trace.json", _evidence_number, "is no evidence row of the pack"),
        (
            "data/audit.load_file.json",
            _changed_table("sha256", "00"),
            "sha256: is no input file of the publication",
        ),
        ("data/audit.source_row.json", _changed_table("row_hash", "00"), "has no hash of a row"),
        ("data/audit.bonus_trace.json", _changed_table("value", "1"), "its own row has"),
        ("clauses.json", lambda content: content.replace(b"1", b"2"), "the words of the rules"),
    ],
    ids=["page", "inner node", "line", "evidence", "file hash", "row hash", "published trace", "rules"],
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
    monkeypatch.setattr("orchestration.audit.verify.pack.writer_hash", lambda: "another")
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


CLOSED, OPEN = "2026-09", "2026-10"


@pytest.fixture(scope="module")
def adjusted(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A publication in which September is settled with 100 less on one line than today's data gives, and
    October pays the difference; with it the agent and the line.
    """
    folder = tmp_path_factory.mktemp("adjusted") / publication.name
    folder.mkdir()
    for name in ("manifest.json", "auditor.duckdb"):
        shutil.copyfile(publication / name, folder / name)
    with duckdb.connect() as database:
        database.execute(f"attach '{folder}/auditor.duckdb' as publication")
        database.execute("use publication")
        line_id, agent = database.execute(
            f"""
            select line.bonus_line_id, line.agent_id from bonus.bonus_line as line
            inner join bonus.bonus as later
                on line.agent_id = later.agent_id and later.period_id = '{OPEN}'
            where line.period_id = '{CLOSED}' and line.mechanism = 'fixed' and line.rate = 1
                and line.day_count = line.period_day_count and line.segment_no = 1
            order by all limit 1
            """
        ).fetchone() or ("", "")
        adjustment = f"{OPEN}:{agent}:adjustment:{line_id}"
        less = "quantity = quantity - 100, amount_cny = amount_cny - 100"
        for statement in (
            f"update bonus.bonus_line set {less} where bonus_line_id = '{line_id}'",
            f"update bonus.bonus set amount_cny = amount_cny - 100 where bonus_id = '{CLOSED}:{agent}'",
            "insert into facts.dim_settled_period "
            f"values ('month', '{CLOSED}', 'Li Na', '{folder.name}', 'x')",
            f"insert into facts.fct_settled_line by name from bonus.bonus_line where period_id = '{CLOSED}'",
            f"""
            insert into bonus.bonus_line by name select * replace (
                '{adjustment}' as bonus_line_id, '{OPEN}:{agent}' as bonus_id, '{OPEN}' as period_id,
                'adjustment' as mechanism, 100 as quantity, 100 as amount_cny, 1 as day_count,
                1 as period_day_count, 99 as line_no, 'PR-04' as clause_id, 'bonus_correction' as input_model,
                '{line_id}' as input_key, '{line_id}' as adjusts_bonus_line_id
            ) from bonus.bonus_line where bonus_line_id = '{line_id}'
            """,
            "update bonus.bonus set amount_cny = amount_cny + 100, line_count = line_count + 1 "
            f"where bonus_id = '{OPEN}:{agent}'",
            "insert into bonus.bonus_correction by name "
            "select bonus_line_id, period_kind, period_id, agent_id, scheme_id, component_id, pay_kind, "
            "line_label, line_label_zh, clause_id, value_origin, "
            "amount_cny - 100 as settled_cny, 0 as adjusted_cny, amount_cny as computed_cny, "
            "100 as difference_cny, 100 as owed_cny "
            f"from bonus.bonus_line_computed where bonus_line_id = '{line_id}'",
            f"update audit.bonus_trace set value = value - 100 where node_id in "
            f"('{CLOSED}:{agent}', '{line_id}', '{line_id}/quantity')",
            f"update audit.bonus_trace set value = value + 100 where node_id = '{OPEN}:{agent}'",
            *(
                f"""
                insert into audit.bonus_trace by name select * replace (
                    '{OPEN}:{agent}' as bonus_id, '{adjustment}{part}' as node_id, {value} as value,
                    {above} as parent_node_id, 'PR-04' as clause_id,
                    '{model}' as input_model, '{key}' as input_key
                ) from audit.bonus_trace where node_id = '{line_id}{part}'
                """
                for part, value, above, model, key in (
                    ("", 100, f"'{OPEN}:{agent}'", "bonus_line", adjustment),
                    ("/quantity", 100, f"'{adjustment}'", "bonus_correction", line_id),
                    ("/rate", 1, f"'{adjustment}'", "policy_component_rate", line_id),
                )
            ),
        ):
            database.execute(statement)
    return folder, agent, adjustment


def test_an_adjustment_is_recomputed_from_the_rows_of_the_pack(
    adjusted: tuple[Path, str, str], tmp_path: Path
) -> None:
    folder, agent, adjustment = adjusted
    path = write_pack(folder, agent_id=agent, period_id=OPEN, out=tmp_path / "pack.zip")
    report = verify_pack(path)
    assert report.is_sound, [str(finding) for finding in report.findings[:5]]
    assert [one.looked_at for one in report.checks if one.name.startswith("correction")] == [1]
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    forged = {}
    for member, row_of, columns in (
        ("data/bonus.bonus_line.json", adjustment, ("amount_cny", "quantity")),
        ("data/bonus.bonus.json", f"{OPEN}:{agent}", ("amount_cny",)),
    ):
        table = json.loads(members[member])
        names = [name for name, _ in table["columns"]]
        [row] = [one for one in table["rows"] if one[0] == row_of]
        for column in columns:
            row[names.index(column)] = str(Decimal(row[names.index(column)]) + 9000)
        forged[member] = json.dumps(table).encode()
    found = verify_pack(rewritten(path, tmp_path / "forged.zip", forged, reseal=True)).findings
    assert any(
        adjustment in one.row and one.column == "amount_cny" and "recomputed 100.00" in one.problem
        for one in found
    ), [str(one) for one in found]
