"""Evidence packs: complete, offline, nothing of other agents, and no byte can change unnoticed."""

from __future__ import annotations

import json
import random
import re
import zipfile
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.pack import INDEX, sealed_index, write_pack
from orchestration.audit.verify.pack import PackUnreadable, verify_pack
from orchestration.cli import run
from orchestration.errors import ConfigurationError


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
            from read_parquet('{publication}/audit/bonus.bonus.parquet')
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
            f"select agent_id, agent_name from read_parquet('{publication}/audit/facts.dim_agent.parquet')"
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
    path = max(packs.values(), key=lambda one: one.stat().st_size)
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
