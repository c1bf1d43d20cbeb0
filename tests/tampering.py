"""Ways to tamper with a state and its landing folder, and in which words a finding must name the place.

Every way replaces files, never writes into one: the folders it is given may be hard links to others.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from orchestration.audit.verify.arithmetic import check_arithmetic
from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.findings import Report
from orchestration.audit.verify.run import check_integrity
from orchestration.clock import now
from orchestration.hashing import file_hash, sealed
from orchestration.publish.candidate import content_hash
from orchestration.publish.payroll.write import write_payroll
from orchestration.publish.publication import MANIFEST, current_publication, publish
from orchestration.settlement.settle import settle
from orchestration.state.folder import StateFolder
from orchestration.state.record import Recorder

KEPT = 99
KEY_ENDINGS = ("_id", "_key", "_no", "parameter")
"""Columns by which verify names a row."""


@dataclass(frozen=True)
class Tampering:
    """What was done; one finding must have every one of `named` in it."""

    what: str
    named: tuple[str, ...]


Way = Callable[[StateFolder, Path, Random], Tampering]
"""Tampers with a state folder or its landing folder by chance."""


def publish_again(state: StateFolder, count: int) -> None:
    """Publish the state's candidate `count` more times, as nights that brought nothing new would."""
    publication = current_publication(state)
    assert publication is not None
    note = state.candidate / "candidate.json"
    for _ in range(count):
        recorder = Recorder(state, "nightly")
        candidate = json.loads(note.read_text(encoding="utf-8"))
        candidate["run_id"] = f"{recorder.number:06d}-{candidate['as_of']}"
        replace_text(note, json.dumps(candidate))
        published = publish(
            state, keep=KEPT, started_at=now().isoformat(), landing=publication.manifest["landing"]
        )
        recorder.update(run_id=published.run_id)
        recorder.finish("published")


def make_chain(state: StateFolder) -> None:
    """Two more publications after the first, and the first month settled on the newest."""
    publish_again(state, 2)
    settle_first_month(state)


def settle_first_month(state: StateFolder) -> str:
    """Settle the first month of the current publication, whatever still awaits a review; returns it."""
    with duckdb.connect(str(state.current / "auditor.duckdb"), read_only=True) as database:
        [month] = database.execute(
            "select min(period_id) from facts.dim_period where period_kind = 'month'"
        ).fetchone() or ("",)
        waived = database.execute(
            "select agent_id from score.score where period_id = ? and status = 'awaiting_review'", [month]
        ).fetchall()
    agents = [str(agent) for (agent,) in waived]
    settle(state, period_id=month, settled_by="Li Na", carry_pending=True, waived_agents=agents)
    return str(month)


def is_named(done: Tampering, report: Report) -> bool:
    """Whether a finding of the report names what was done."""
    texts = [str(finding) for finding in report.findings]
    return not report.is_sound and any(all(part in text for part in done.named) for text in texts)


def verified(done: Tampering, state: StateFolder, landing: Path) -> Report:
    """What verify says: its first half where that names it already, for the second only adds findings."""
    report, current = Report(), state.current.resolve()
    data = ParquetData(current)
    manifests = check_integrity(state, landing=landing, report=report, progress=lambda _: None, data=data)
    if not is_named(done, report) and current in manifests:
        check_arithmetic(data, report)
    return report


def link_copy(folder: Path, target: Path) -> Path:
    """A copy by hard links, as good as a copy while files are replaced and never written into.

    Of a state folder what a run works in and verify never looks at is left out.
    """
    ignored = shutil.ignore_patterns("dagster", "dbt", "candidate", "warehouse.duckdb")
    shutil.copytree(folder, target, symlinks=True, copy_function=os.link, ignore=ignored)
    return target


def replace_bytes(path: Path, content: bytes) -> None:
    """Put a new file in the place of one."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)


def replace_text(path: Path, text: str) -> None:
    """Put a new text file in the place of one."""
    replace_bytes(path, text.encode("utf-8"))


def draw(chance: Random) -> Way:
    """A way of tampering by its weight."""
    [way] = chance.choices([way for way, _ in WAYS], weights=[weight for _, weight in WAYS])
    return way


# ---- publications


def change_cell(
    folder: Path, chance: Random, *, relation: str | None = None, column: str | None = None
) -> Tampering:
    """Change one cell of a publication's Parquet: of `relation` and `column`, or of any."""
    with duckdb.connect() as database:
        if relation is None:
            path = chance.choice(_filled(database, folder))
        else:
            path = folder / "auditor" / relation / "all.parquet"
        columns = _columns(database, path)
        rows = _count(database, path)
        name = column or chance.choice(sorted(columns))
        number = chance.randrange(rows)
        values = _row(database, path, number)
        new = _other_value(name, columns[name], is_null=values[name] is None, chance=chance)
        rewrite(
            database,
            path,
            f"select * replace (case when file_row_number = {number} then cast({new} as {columns[name]}) "
            f'else "{name}" end as "{name}") from {{source}} order by file_row_number',
        )
    return Tampering(
        f"{_place(folder, path)} row {number} {name} = {new}",
        (_place(folder, path), f", {name}:", _row_words(values, without=name)),
    )


def _cell(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    return change_cell(_publication(state, chance), chance)


def _policy_cell(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    with duckdb.connect() as database:
        filled = {path.parent.name for path in _filled(database, folder)}
    names = sorted(name for name in filled if name.startswith("policy."))
    return change_cell(folder, chance, relation=chance.choice(names))


def _row_removed(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    without = "select * from {{source}} where file_row_number <> {number} order by file_row_number"
    return _rows_changed(state, chance, without, "without row {number}", "the row was removed")


def _row_twice(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    twice = (
        "select * from (from {{source}} union all from {{source}} where file_row_number = {number}) "
        "order by file_row_number"
    )
    return _rows_changed(state, chance, twice, "with row {number} twice", "the row was added")


def _rows_changed(state: StateFolder, chance: Random, query: str, done: str, found: str) -> Tampering:
    """Replace a published Parquet by `query` over its rows, of which one number was drawn."""
    folder = _publication(state, chance)
    with duckdb.connect() as database:
        path = chance.choice(_filled(database, folder))
        number = chance.randrange(_count(database, path))
        values = _row(database, path, number)
        rewrite(database, path, query.format(number=number))
    place = _place(folder, path)
    return Tampering(f"{place} {done.format(number=number)}", (place, found, _row_words(values)))


def _byte(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    path = chance.choice(_files(folder))
    _flip(path, chance)
    return Tampering(f"a byte of {_place(folder, path)}", (_place(folder, path),))


def _cut(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    path = chance.choice([path for path in _files(folder) if path.stat().st_size])
    replace_bytes(path, path.read_bytes()[: chance.randrange(path.stat().st_size)])
    return Tampering(f"{_place(folder, path)} cut short", (_place(folder, path),))


def _file_gone(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    path = chance.choice(_files(folder))
    path.unlink()
    return Tampering(f"{_place(folder, path)} removed", (_place(folder, path), "is missing"))


def _file_more(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    path = chance.choice(_files(folder)).with_name("another.parquet")
    path.write_bytes(b"PAR1")
    return Tampering(f"{_place(folder, path)} added", (_place(folder, path), "is not in the manifest"))


def _database_cell(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = state.current.resolve()
    path = chance.choice(sorted(folder.glob("*.duckdb")))
    replace_bytes(path, path.read_bytes())
    with duckdb.connect() as database:
        database.execute(f"attach '{path}' as copy")
        filled = database.execute(
            "select columns.schema_name, columns.table_name, column_name, data_type "
            "from duckdb_columns() as columns inner join duckdb_tables() as tables "
            "on columns.table_oid = tables.table_oid and columns.database_oid = tables.database_oid "
            "where columns.database_name = 'copy' and tables.estimated_size > 0 order by all"
        ).fetchall()
        schema, table, column, kind = chance.choice(filled)
        rows = database.execute(f'select rowid, "{column}" is null from copy."{schema}"."{table}"').fetchall()
        rowid, is_null = chance.choice(rows)
        new = _other_value(column, kind, is_null=is_null, chance=chance)
        database.execute(
            f'update copy."{schema}"."{table}" set "{column}" = cast({new} as {kind}) where rowid = {rowid}'
        )
        database.execute("detach copy")
    return Tampering(
        f"{path.name} {schema}.{table} {column} = {new}",
        (f"{folder.name}/{path.name}", f"{schema}.{table} ", f", {column}:"),
    )


# ---- manifests and the chain


def _manifest_value(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    manifest = _manifest(folder)
    holder, name = chance.choice(list(_leaves(manifest)))
    value = holder[name]
    if isinstance(value, bool):
        holder[name] = not value
    elif isinstance(value, int | float):
        holder[name] = value + 1
    else:
        holder[name] = f"{value}0"
    _write_manifest(folder, manifest)
    return Tampering(f"{folder.name}: {name} of the manifest", (f"{folder.name}/{MANIFEST}",))


def _manifest_part_gone(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    manifest = _manifest(folder)
    holder, name = chance.choice([(manifest, name) for name in manifest] + list(_leaves(manifest)))
    del holder[name]
    _write_manifest(folder, manifest)
    return Tampering(f"{folder.name}: manifest without {name}", (f"{folder.name}/{MANIFEST}",))


def _manifest_byte(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    _flip(folder / MANIFEST, chance)
    return Tampering(f"a byte of {folder.name}/{MANIFEST}", (f"{folder.name}/{MANIFEST}",))


def _dropped(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = _publication(state, chance)
    shutil.rmtree(folder)
    return Tampering(f"{folder.name} dropped", (folder.name, "missing"))


def _newest_dropped_and_current_moved(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    *_, before, newest = _publications(state)
    shutil.rmtree(newest)
    _point_current(state, before)
    return Tampering(f"{newest.name} dropped, current at {before.name}", (newest.name, "missing"))


def _current_moved(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    older = chance.choice(_publications(state)[:-1])
    _point_current(state, older)
    return Tampering(f"current at {older.name}", ("current: points at", older.name))


def _swapped(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    one, other = chance.sample(_publications(state), 2)
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    return Tampering(f"{one.name} and {other.name} swapped", (f"{one.name}/{MANIFEST}", other.name))


def _manifests_swapped(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    one, other = chance.sample(_publications(state), 2)
    texts = [(folder / MANIFEST).read_bytes() for folder in (one, other)]
    replace_bytes(one / MANIFEST, texts[1])
    replace_bytes(other / MANIFEST, texts[0])
    return Tampering(
        f"manifests of {one.name} and {other.name} swapped", (f"{one.name}/{MANIFEST}", other.name)
    )


def _order_rewritten(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    """The newest publication follows the oldest: a publication between them is left out of the chain."""
    oldest, *_, newest = _publications(state)
    manifest = _manifest(newest)
    del manifest["seal"]
    follower = next(one for one in map(_manifest, _publications(state)[1:]) if one["previous"])
    manifest["previous"] = follower["previous"]
    replace_text(newest / MANIFEST, sealed(manifest))
    return Tampering(f"{newest.name} follows {oldest.name}", (oldest.name, "is followed by 2 publications"))


# ---- policy, inputs, calibration, settlements


def _policy_row(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = chance.choice([path for path in sorted(state.seeds.rglob("*.csv")) if _csv(path)[1:]])
    rows = _csv(path)
    row = chance.choice(rows[1:])
    column = chance.randrange(len(row))
    row[column] = str(int(row[column]) + 1) if row[column].isdigit() else f"{row[column]}1"
    _write_csv(path, rows)
    place = path.relative_to(state.root).as_posix()
    return Tampering(f"{place} {rows[0][column]} = {row[column]}", (place, "was changed"))


def _policy_row_gone(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = chance.choice([path for path in sorted(state.seeds.rglob("*.csv")) if _csv(path)[1:]])
    rows = _csv(path)
    del rows[chance.randrange(1, len(rows))]
    _write_csv(path, rows)
    place = path.relative_to(state.root).as_posix()
    return Tampering(f"{place} without a row", (place, "was changed"))


def _policy_file_gone(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = chance.choice(sorted(state.seeds.rglob("*.csv")))
    path.unlink()
    place = path.relative_to(state.root).as_posix()
    return Tampering(f"{place} removed", (place, "is missing"))


def _input_byte(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = chance.choice([path for path in sorted(landing.rglob("*.csv")) if path.stat().st_size])
    _flip(path, chance)
    place = f"{landing.name}/{path.relative_to(landing).as_posix()}"
    return Tampering(f"a byte of {place}", (place, "is not the file that was ingested"))


def _input_row(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = chance.choice([path for path in sorted(landing.rglob("*.csv")) if len(_csv(path)) > 2])
    rows = _csv(path)
    number = chance.randrange(1, len(rows))
    if chance.random() < 0.5:
        del rows[number]
    else:
        rows.insert(number, rows[chance.randrange(1, len(rows))])
    _write_csv(path, rows)
    place = f"{landing.name}/{path.relative_to(landing).as_posix()}"
    return Tampering(f"a row of {place}", (place, "is not the file that was ingested"))


def _calibration(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    content = _manifest(state.current.resolve())["content_hash"]
    (state.checks / f"{content}.json").unlink()
    return Tampering("calibration result removed", (f"checks/{content}.json", "no calibration result"))


def _settlement(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = chance.choice(sorted((state.root / "settled").glob("*.json")))
    _flip(path, chance)
    return Tampering(f"a byte of settled/{path.name}", (f"settled/{path.name}",))


def _settlement_gone(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = chance.choice(sorted((state.root / "settled").glob("*.json")))
    path.unlink()
    return Tampering(f"settled/{path.name} removed", (f"{path.stem}.parquet", "no record in settled/"))


def _frozen(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    with duckdb.connect() as database:
        path = chance.choice(
            [
                path
                for path in sorted((state.raw / "settlement").rglob("[0-9]*.parquet"))
                if _count(database, path)
            ]
        )
        columns = _columns(database, path)
        name = chance.choice(sorted(columns))
        number = chance.randrange(_count(database, path))
        values = _row(database, path, number)
        new = _other_value(name, columns[name], is_null=values[name] is None, chance=chance)
        rewrite(
            database,
            path,
            f"select * replace (case when file_row_number = {number} then cast({new} as {columns[name]}) "
            f'else "{name}" end as "{name}") from {{source}} order by file_row_number',
        )
    place = path.relative_to(state.root).as_posix()
    return Tampering(f"{place} row {number} {name} = {new}", (place, "was changed"))


WAYS: Sequence[tuple[Way, int]] = (
    (_cell, 40),
    (_policy_cell, 8),
    (_row_removed, 4),
    (_row_twice, 4),
    (_byte, 5),
    (_cut, 2),
    (_file_gone, 2),
    (_file_more, 1),
    (_database_cell, 4),
    (_manifest_value, 6),
    (_manifest_part_gone, 2),
    (_manifest_byte, 2),
    (_dropped, 3),
    (_newest_dropped_and_current_moved, 1),
    (_current_moved, 1),
    (_swapped, 2),
    (_manifests_swapped, 2),
    (_order_rewritten, 1),
    (_policy_row, 5),
    (_policy_row_gone, 2),
    (_policy_file_gone, 1),
    (_input_byte, 4),
    (_input_row, 3),
    (_calibration, 1),
    (_settlement, 1),
    (_settlement_gone, 1),
    (_frozen, 2),
)
"""Every way with its weight in a draw."""


# ---- forgeries: every hash and seal made to fit, so that only a second copy or recalculation tells


def _forged_audience(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = state.current.resolve()
    name = chance.choice(("payroll/mart_bonus_register", "payroll/mart_award"))
    with duckdb.connect() as database:
        rewrite(database, folder / f"{name}.parquet", f"select {PAID_MORE} from {{source}}")
    _reseal(state, folder)
    return Tampering(f"{name} pays more", (f"{name}.parquet", "amount_cny: says"))


def _forged_bi(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = state.current.resolve()
    path = folder / "bi" / "mart_agent_scorecard.parquet"
    with duckdb.connect() as database:
        rewrite(database, path, "select * replace (points + 1 as points) from {source}")
    _reseal(state, folder)
    return Tampering("BI shows other points", ("bi/mart_agent_scorecard.parquet", "points: says"))


def _forged_about(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    """A file that says to be of another publication."""
    folder = state.current.resolve()
    audience = chance.choice(("bi", "payroll", "auditor"))
    path = folder / f"{audience}.duckdb"
    replace_bytes(path, path.read_bytes())
    with duckdb.connect(str(path)) as database:
        database.execute("update about set run_id = '000099-2030-01-01'")
    _reseal(state, folder)
    return Tampering("a file of another publication", (path.name, "run_id: says 000099-2030-01-01"))


def _forged_workbook(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    """Workbooks and statements that another register would have."""
    folder = state.current.resolve()
    register = folder / "auditor" / "marts.mart_bonus_register" / "all.parquet"
    was = register.read_bytes()
    with duckdb.connect() as database:
        rewrite(database, register, f"select {PAID_MORE} from {{source}}")
    for path in [*(folder / "payroll").glob("*.xlsx")]:
        path.unlink()
    shutil.rmtree(folder / "payroll" / "statements")
    write_payroll(folder, {})
    replace_bytes(register, was)
    _reseal(state, folder)
    place = chance.choice(("payroll/register_", "payroll/statements/"))
    # Of a workbook the first sheet's amounts are told first: those of the components.
    return Tampering("workbooks and statements pay more", (place, ": says"))


def _forged_everywhere(
    state: StateFolder, relation: str, column: str, audience: str = "", *, value: str = ""
) -> Tampering:
    """A relation that nothing is calculated from, changed in every copy."""
    value = value or f"{column} + 1"
    folder = state.current.resolve()
    schema, table = relation.split(".")
    files = sorted((folder / "auditor" / relation).iterdir())
    databases = [folder / "auditor.duckdb"]
    if audience:
        files.append(folder / audience / f"{table}.parquet")
        databases.append(folder / f"{audience}.duckdb")
    with duckdb.connect() as database:
        for path in files:
            rewrite(database, path, f"select * replace ({value} as {column}) from {{source}}")
        for path in databases:
            replace_bytes(path, path.read_bytes())
            database.execute(f"attach '{path}' as copy")
            database.execute(f'update copy."{schema}"."{table}" set {column} = {value}')
            database.execute("detach copy")
    _reseal(state, folder)
    return Tampering(f"{relation} changed everywhere", (f"auditor/{relation}", f", {column}: published"))


def _forged_award(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    return _forged_everywhere(state, "marts.mart_award", "amount_cny", "payroll")


def _forged_trace(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    return _forged_everywhere(state, "audit.bonus_trace", "value")


def _forged_owner(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    other = "case agent_id when 'A0001' then 'A0002' else agent_id end"
    relation = chance.choice(("audit.calculation_node", "audit.calculation_operand"))
    _forged_everywhere(state, relation, "agent_id", value=other)
    return Tampering("numbers of another agent", ("auditor/audit.calculation_node", "is of another than"))


def forged_period(state: StateFolder, condition: str, other: str) -> Tampering:
    """Numbers that fulfil a condition, said to be of another period."""
    value = f"case when {condition} then {other} else period_id end"
    _forged_everywhere(state, "audit.calculation_node", "period_id", value=value)
    found = "auditor/audit.calculation_node", "is of a period that its key does not say"
    return Tampering(f"numbers where {condition} are of {other}", found)


def _forged_team_period(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    """A team's place in an award is nobody's number, so it has no period, also not its own."""
    own = "split_part(node_key, ':', 2)"
    return forged_period(state, "agent_id is null and node_key like 'candidate:%'", own)


def _forged_row_hash(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    _forged_everywhere(state, "facts.fct_ticket", "source_row_hash", value=f"'{'0' * 32}'")
    return Tampering("hashes of rows", ("auditor/facts.fct_ticket", "source_row_hash: says 000", "has "))


def _forged_file_hash(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    _forged_everywhere(state, "audit.load_file", "sha256", value=f"'{'0' * 64}'")
    return Tampering("hashes of files", ("auditor/audit.load_file", "is no input file of the manifest"))


def _forged_file(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    _forged_everywhere(state, "facts.fct_ticket", "load_id", value="'nowhere'")
    return Tampering("rows of another file", ("auditor/facts.fct_ticket", "another file than its load"))


def _forged_relation(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = state.current.resolve()
    shutil.copytree(folder / "auditor" / "grade.grade", folder / "auditor" / "grade.grade2")
    _reseal(state, folder)
    return Tampering("a relation more", ("grade.grade2", "has a relation that"))


def _forged_gate(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = state.checks / f"{_manifest(state.current.resolve())['content_hash']}.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    replace_text(path, json.dumps({**result, "checks": []}))
    return Tampering("calibration result emptied", (f"checks/{path.name}", "no check ran"))


def _forged_gate_check(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    path = state.checks / f"{_manifest(state.current.resolve())['content_hash']}.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    gone = result["checks"].pop(chance.randrange(len(result["checks"])))
    replace_text(path, json.dumps(result))
    return Tampering(f"without {gone['check_id']}", ("mart_calibration", gone["check_id"], path.name))


def _forged_run(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    replace_text(state.runs / "000099.json", "{}")
    _policy_row(state, landing, chance)
    return Tampering("a later run made up", ("runs/000099.json", "is no record of a run"))


def _forged_run_and_policy(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    replace_text(state.runs / "000099.json", "{}")
    return _policy_row(state, landing, chance)


def _run_gone(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    (state.runs / "000002.json").unlink()
    return Tampering("a run's record gone", ("runs/000002.json", "the record of the run is missing"))


def _orphan(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    name = chance.choice((f"checks/{'0' * 64}.json", "runs/000077.events.jsonl"))
    replace_text(state.root / name, "{}")
    return Tampering(f"{name} of no run", (name,))


def _settlement_erased(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    [path] = (state.root / "settled").glob("*.json")
    path.unlink()
    for frozen in (state.raw / "settlement").rglob(f"{path.stem}.parquet"):
        frozen.unlink()
    return Tampering("settlement erased", (f"settled/{path.name}", "is missing", "settled"))


def _settlement_resealed(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    [path] = (state.root / "settled").glob("*.json")
    _reseal_settlement(path, settled_by="Mallory")
    return Tampering("settled by another", (f"settled/{path.name}", "is not the record that run"))


def _frozen_score(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    """A frozen score changed; the settlement and the record of its run made to fit."""
    [path] = (state.root / "settled").glob("*.json")
    score = state.raw / "settlement" / "score" / f"{path.stem}.parquet"
    with duckdb.connect() as database:
        rewrite(database, score, "select * replace (total_score - 1 as total_score) from {source}")
    record = json.loads(path.read_text(encoding="utf-8"))
    name = score.relative_to(state.root).as_posix()
    _reseal_settlement(path, frozen_files={**record["frozen_files"], name: file_hash(score)})
    run = state.runs / f"{record['run_number']:06d}.json"
    said = json.loads(run.read_text(encoding="utf-8"))
    said["stages"][0]["figures"]["settlement_sha256"] = file_hash(path)
    replace_text(run, json.dumps(said, indent=1))
    return Tampering("a frozen score changed", (name, "has a row that", "has not"))


def _frozen_more(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = state.raw / "settlement" / "score"
    shutil.copyfile(folder / "_schema.parquet", folder / "zz.parquet")
    return Tampering("a frozen file more", ("raw/settlement/score/zz.parquet", "vouches"))


def _frozen_schema(state: StateFolder, landing: Path, chance: Random) -> Tampering:
    folder = state.raw / "settlement" / "score"
    [filled] = folder.glob("2*.parquet")
    replace_bytes(folder / "_schema.parquet", filled.read_bytes())
    return Tampering("rows slipped in", ("raw/settlement/score/_schema.parquet", "rows that no settlement"))


FORGERIES: Sequence[Way] = (
    _forged_audience,
    _forged_bi,
    _forged_about,
    _forged_workbook,
    _forged_award,
    _forged_trace,
    _forged_owner,
    _forged_team_period,
    _forged_row_hash,
    _forged_file_hash,
    _forged_file,
    _forged_relation,
    _forged_gate,
    _forged_gate_check,
    _forged_run,
    _forged_run_and_policy,
    _run_gone,
    _orphan,
    _settlement_erased,
    _settlement_resealed,
    _frozen_score,
    _frozen_more,
    _frozen_schema,
)
"""Ways of one who knows how hashes and seals are made."""

PAID_MORE = "* replace (cast(amount_cny + 1000 as decimal(18, 2)) as amount_cny)"


def _reseal(state: StateFolder, folder: Path) -> None:
    """Make a publication's manifest, and the calibration result of its content, fit its files."""
    manifest = _manifest(folder)
    del manifest["seal"]
    was = manifest["content_hash"]
    manifest["files"] = {path.relative_to(folder).as_posix(): file_hash(path) for path in _files(folder)}
    manifest["content_hash"] = content_hash(folder)
    replace_text(folder / MANIFEST, sealed(manifest))
    if manifest["content_hash"] != was:
        result = json.loads((state.checks / f"{was}.json").read_text(encoding="utf-8"))
        result["content_hash"] = manifest["content_hash"]
        replace_text(state.checks / f"{manifest['content_hash']}.json", json.dumps(result))


def _reseal_settlement(path: Path, **changes: Any) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["seal"]
    text = json.dumps({**record, **changes}, ensure_ascii=False, indent=1)
    seal = hashlib.sha256(text.encode()).hexdigest()
    replace_text(path, json.dumps({**record, **changes, "seal": seal}, ensure_ascii=False, indent=1))


# ---- what they share


def _publications(state: StateFolder) -> list[Path]:
    return sorted(path for path in state.published.glob("0*") if path.is_dir())


def _publication(state: StateFolder, chance: Random) -> Path:
    return chance.choice(_publications(state))


def _point_current(state: StateFolder, folder: Path) -> None:
    state.current.unlink()
    state.current.symlink_to(folder.name)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def _filled(database: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Parquet files of a publication that have rows."""
    rows = database.execute(
        f"select file_name from parquet_file_metadata('{folder}/**/*.parquet') where num_rows > 0 "
        "order by all"
    ).fetchall()
    return [Path(name) for (name,) in rows]


def _place(folder: Path, path: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder).as_posix()}"


def _columns(database: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    rows = database.execute(f"describe from read_parquet('{path}')").fetchall()
    return {str(name): str(kind) for name, kind, *_ in rows}


def _count(database: duckdb.DuckDBPyConnection, path: Path) -> int:
    [count] = database.execute(f"select count(*) from read_parquet('{path}')").fetchone() or (0,)
    return int(count)


def _row(database: duckdb.DuckDBPyConnection, path: Path, number: int) -> dict[str, Any]:
    cursor = database.execute(
        f"select * exclude (file_row_number) from read_parquet('{path}', file_row_number = true) "
        f"where file_row_number = {number}"
    )
    names = [description[0] for description in cursor.description]
    values = cursor.fetchone()
    assert values is not None
    return dict(zip(names, values, strict=True))


def _row_words(values: dict[str, Any], *, without: str = "") -> str:
    """A key of the row in the words of a finding; nothing where it has none."""
    for name, value in values.items():
        if name != without and value is not None and name.endswith(KEY_ENDINGS):
            return f"{name}={value}"
    return ""


def _other_value(column: str, kind: str, *, is_null: bool, chance: Random) -> str:
    """Another value of a column as SQL, as near to the old one as its type allows, or none at all."""
    if not is_null and chance.random() < 0.2:
        return "null"
    quoted = f'"{column}"'
    if kind == "VARCHAR":
        return f"coalesce({quoted}, '') || '{chance.choice('x0 ')}'"
    if kind == "BOOLEAN":
        return f"not coalesce({quoted}, false)"
    if kind.startswith("DECIMAL"):
        places = int(kind.rstrip(")").split(",")[1])
        step = f"cast({chance.choice((1, -1))} as decimal(18, 0)) / {10**places}"
        return f"coalesce({quoted}, 0) + cast({step} as decimal(18, {places}))"
    if kind == "DATE":
        return f"coalesce({quoted} + 1, date '2026-10-01')"
    if kind.startswith("TIMESTAMP"):
        return f"coalesce({quoted} + interval 1 second, timestamp '2026-10-01')"
    return f"coalesce({quoted}, 0) + {chance.choice((1, -1))}"


def rewrite(database: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    """Replace a Parquet file by the rows of a query over `{source}`, which numbers its rows."""
    draft = path.with_name(f".{path.name}.draft")
    source = f"read_parquet('{path}', file_row_number = true)"
    database.execute("set preserve_insertion_order = true")
    database.execute(
        f"copy (select * exclude (file_row_number) from ({query.format(source=source)})) "
        f"to '{draft}' (format parquet, compression zstd)"
    )
    draft.replace(path)


def _flip(path: Path, chance: Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    replace_bytes(path, bytes(content))


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    replace_text(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def _leaves(value: Any) -> list[tuple[Any, Any]]:
    """Every single value in nested tables and lists, as the holder and its name or number there."""
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in items:
        found += _leaves(one) if isinstance(one, dict | list) else [(value, name)]
    return found


def _csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    draft.replace(path)
