"""The ingestion of a landing folder into a state's raw folder."""

from __future__ import annotations

import datetime as dt
import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import duckdb

from orchestration.errors import ConfigurationError, ExportRejected, MeritlineError
from orchestration.ingest.business_date import DatedTables
from orchestration.ingest.checks.conflicts import conflicts
from orchestration.ingest.checks.due import last_due_day, missing_days
from orchestration.ingest.checks.headers import header_notes
from orchestration.ingest.checks.manifest import Manifest, manifest_of
from orchestration.ingest.checks.nights import (
    Brought,
    brought_by,
    overwritten_tables,
    quiet_exports,
    read_nights,
    with_tonight,
    write_nights,
)
from orchestration.ingest.checks.rows import (
    MAX_COMPARED_ROWS,
    MIN_REPEATED_ROWS,
    REPEATED_SHARE,
    RowChecks,
)
from orchestration.ingest.checks.zones import shifted_days, zone_notes, zone_settings
from orchestration.ingest.contract import Contract, ContractTable, load_contract
from orchestration.ingest.deliveries import Deliveries, deliveries
from orchestration.ingest.landing import LandedFile, UnreadableFile, list_landing
from orchestration.ingest.loader import Load, Loader, load_identity
from orchestration.ingest.personal import load_key
from orchestration.ingest.profile import Entry, canonical_entry, load_profiles
from orchestration.ingest.rejects import commonest, reject_notes, where_to_mend
from orchestration.ingest.report import (
    DUPLICATE,
    LOADED,
    REJECTED,
    IngestReport,
    LoadFigures,
    TableTotals,
)
from orchestration.ingest.store import RawStore, Staging, disk_full


@dataclass(frozen=True)
class _Assignment:
    file: LandedFile
    entries: tuple[Entry, ...]


def ingest(
    *,
    landing: Path,
    state: Path,
    profiles: Sequence[Path],
    contract_dir: Path,
    as_of: dt.date | None,
    today: dt.date,
    business_timezone: str = "Asia/Shanghai",
    allow_rejects: Decimal = Decimal("0.05"),
    progress: Callable[[str], None] | None = None,
    note: Callable[[str], None] | None = None,
    only: frozenset[str] | None = None,
) -> IngestReport:
    """Read every export of `landing` into `<state>/raw`, as docs/data_path.md describes it.

    `profiles` are paths of YAML files or bare names of shipped ones; files of the canonical layout that no
    profile matches are read by it. `as_of` is the business date, by default the newest local event date not
    after `today`. `only` restricts it to some tables (`source.table`), for a look at these alone. The caller
    holds the state folder: nothing else may write to it meanwhile. `note` is told why rows were rejected when
    the run fails afterwards; else that is among the report's notes.

    Raises ExportRejected when a table's share of faulty rows exceeds `allow_rejects` or a required file is
    missing or unreadable, ConfigurationError for a missing or empty landing folder, an unsound profile or
    contract, a default business date that a handful of rows would move. A failed run leaves the raw folder as
    it was.
    """
    say = progress or (lambda message: None)
    contract = load_contract(contract_dir)
    entries = load_profiles(profiles, contract=contract, business_timezone=business_timezone)
    files = list_landing(landing)
    assignments, notes = _assign(files, entries, contract, business_timezone)
    if only is not None:
        assignments = [
            replace(one, entries=tuple(entry for entry in one.entries if entry.table.full_name in only))
            for one in assignments
        ]
    if not any(assignment.entries for assignment in assignments):
        raise _nothing_to_read(landing, files)
    if only is None:
        _demand_required(landing, entries, assignments)
    state.mkdir(parents=True, exist_ok=True)
    store = RawStore(state, contract)
    try:
        key = load_key(state)
        with store.staging() as staging:
            run = _Run(
                store=store,
                staging=staging,
                contract=contract,
                business_timezone=business_timezone,
                today=today,
                say=say,
            )
            with Loader(staging, key) as loader:
                run.read(loader, assignments)
            with _told(run.reject_notes, note):
                run.check(landing, allow_rejects)
                run.note_conflicts()
                business_date = as_of or run.newest_event_date(landing)
            rejected = run.reject_notes()
            run.notice(landing, entries, business_date)
            cut_at = end_of_day(business_date, business_timezone)
            staging.write_context(business_date, cut_at, business_timezone)
            staging.write_deliveries(run.deliveries())
            nights = run.notice_night(business_date)
            store.commit(staging, loads=run.all_loads(), retired=run.retired)
            write_nights(store.raw, nights)
            return IngestReport(
                as_of=business_date,
                cut_at=cut_at,
                business_timezone=business_timezone,
                loads=tuple(run.current),
                totals=run.totals(),
                notes=(*zone_settings(entries, business_timezone), *notes, *run.notes, *rejected),
                late=tuple(run.late),
            )
    except (OSError, duckdb.Error) as error:
        if _is_disk_full(error):
            raise disk_full(state) from error
        raise


def end_of_day(day: dt.date, timezone: str) -> dt.datetime:
    """The UTC instant, naive, at which a local day ends."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(dt.UTC).replace(tzinfo=None)


@contextmanager
def _told(notes: Callable[[], Sequence[str]], note: Callable[[str], None] | None) -> Iterator[None]:
    """Tell the notes when the block fails: nothing else would show them."""
    try:
        yield
    except MeritlineError:
        if note is not None:
            for sentence in notes():
                note(sentence)
        raise


class _Run:
    """State of one ingestion: what was known, what came, what has to go."""

    def __init__(
        self,
        *,
        store: RawStore,
        staging: Staging,
        contract: Contract,
        business_timezone: str,
        today: dt.date,
        say: Callable[[str], None],
    ) -> None:
        self._store = store
        self._staging = staging
        self._contract = contract
        self._timezone = business_timezone
        self._today = today
        self._say = say
        self._known = {(load.file, load.load_id): load for load in store.known_loads()}
        self._next_seq = max((load.load_seq for load in self._known.values()), default=0) + 1
        self.current: list[LoadFigures] = []
        self.retired: list[LoadFigures] = []
        self.notes: list[str] = []
        self.late: list[str] = []
        self._entries: dict[str, Entry] = {}

    def read(self, loader: Loader, assignments: Sequence[_Assignment]) -> None:
        """Read what is new; recognise what is known, under this name or another."""
        used = [assignment for assignment in assignments if assignment.entries]
        for number, assignment in enumerate(used, start=1):
            file = assignment.file
            self._say(f"reading {number} of {len(used)}: {file.name}")
            manifest = None
            sha256 = ""
            try:
                sha256 = "" if file.refusal else file.sha256()
                manifest = manifest_of(file)
                if manifest is not None:
                    manifest.check_content(sha256)
            except (UnreadableFile, OSError) as error:
                if isinstance(error, OSError) and _is_disk_full(error):
                    raise
                file = replace(file, refusal=str(error))
            self._read_file(loader, file, sha256, manifest, assignment.entries)

    def notice(self, landing: Path, entries: Sequence[Entry], as_of: dt.date) -> None:
        """Notes on what is late, moved, shifted or came twice; a required export overdue stops the run."""
        new = [load for load in self.current if load.is_new]
        self.notes += [f"{load.file}: {load.status} ({load.reason})" for load in new if load.status != LOADED]
        self.notes += header_notes(new, self._known.values())
        event_days: dict[str, frozenset[dt.date]] = {}
        expects = {entry.table.full_name for entry in entries if entry.spec.expected_by}
        for table in self._contract.export_tables:
            loads = [load for load in new if load.table_name == table.full_name and load.status == LOADED]
            checks = RowChecks(table, self._parts(table), self._timezone)
            if checks.event_column is None or not self._parts(table):
                continue
            if table.full_name in expects:
                event_days |= checks.event_days()
            if loads:
                self._notice_rows(table, loads, checks)
        missing = missing_days(entries, self.all_loads(), event_days, as_of=as_of, today=self._today)
        for item in missing:
            if item.entry.spec.required and item.day == last_due_day(as_of, self._today):
                raise ExportRejected(
                    path=landing,
                    problem=item.sentence,
                    remedy="Drop the export there and run again; nothing of this run was kept",
                )
            self.notes.append(item.sentence)
            self.late.append(item.sentence)

    def notice_night(self, as_of: dt.date) -> Mapping[dt.date, Brought]:
        """Notes on exports that came on the nights before and tonight bring no row; what each night brought,
        tonight included.
        """
        nights = with_tonight(read_nights(self._store.raw), as_of, brought_by(self.current))
        for quiet in quiet_exports(
            [nights[day] for day in sorted(nights) if day < as_of],
            nights.get(as_of, {}),
            lying_there=overwritten_tables(self.current, self.all_loads()),
        ):
            self.notes.append(quiet.sentence)
        return nights

    def _notice_rows(self, table: ContractTable, loads: Sequence[LoadFigures], checks: RowChecks) -> None:
        days = checks.hours_by_day()
        touched = checks.event_days()
        suspects = frozenset().union(*(touched.get(load.load_id, frozenset()) for load in loads))
        self.notes += zone_notes(table.full_name, shifted_days(days, suspects))
        others = [load for load in self.all_loads() if load.table_name == table.full_name]
        for load in loads:
            rows = load.accepted_row_count
            if len(others) < 2 or not MIN_REPEATED_ROWS <= rows <= MAX_COMPARED_ROWS:
                continue
            for file, same, alike in checks.repeats(load.load_id):
                if same >= REPEATED_SHARE * rows:
                    self.notes.append(f"{load.file}: {same} of {rows} rows came already with {file}")
                if alike >= REPEATED_SHARE * rows:
                    self.notes.append(
                        f"{load.file}: {alike} of {rows} rows equal rows of {file} in all but their key; "
                        "if both exports hold the same events, they count twice"
                    )

    def _read_file(
        self,
        loader: Loader,
        file: LandedFile,
        sha256: str,
        manifest: Manifest | None,
        entries: Sequence[Entry],
    ) -> None:
        wanted: list[Load] = []
        ids: set[str] = set()
        for entry in entries:
            load_id = load_identity(sha256 or file.name, entry)
            if load_id in ids:
                self.notes.append(
                    f"{file.name}: entries {self._entries[load_id].entry_no} and {entry.entry_no} of profile "
                    f"{entry.profile} read it alike into {entry.table.full_name}; its rows were taken once"
                )
                continue
            ids.add(load_id)
            self._entries[load_id] = entry
            known = self._known.get((file.name, load_id))
            if known is not None and known.status != REJECTED:
                self.current.append(known)
            elif (twin := self._twin(load_id, file.name)) is not None:
                self.current.append(self._duplicate(file, twin, known))
            else:
                seq = known.load_seq if known else self._take_seq()
                wanted.append(Load(load_id, seq, sha256, entry, manifest))
        self.retired += [
            load
            for load in self._known.values()
            if (load.file, load.sha256) == (file.name, sha256)
            and load.load_id not in ids
            and load.table_name in {entry.table.full_name for entry in entries}
        ]
        for load in loader.load(file, wanted) if wanted else ():
            self.current.append(load)
            self._say(load.sentence)

    def _twin(self, load_id: str, file: str) -> LoadFigures | None:
        """A load of the same content under another name."""
        for load in [*self.current, *self._known.values()]:
            if load.load_id == load_id and load.status == LOADED and load.file != file:
                return load
        return None

    def _duplicate(self, file: LandedFile, twin: LoadFigures, known: LoadFigures | None) -> LoadFigures:
        return replace(
            twin,
            load_seq=known.load_seq if known else self._take_seq(),
            file=file.name,
            status=DUPLICATE,
            reason=f"the same content as {twin.file}",
            is_new=True,
        )

    def _take_seq(self) -> int:
        taken = self._next_seq
        self._next_seq += 1
        return taken

    def check(self, landing: Path, allow_rejects: Decimal) -> None:
        """Refuse a run whose required files are unreadable or whose tables lost too many rows."""
        for load in self.current:
            if load.status == REJECTED and self._entries[load.load_id].spec.required:
                raise ExportRejected(
                    path=landing / load.file,
                    problem=f"the required export of {load.table_name} cannot be read: {load.reason}",
                    remedy="Fix the export and drop it again; nothing of this run was kept",
                )
        for table, totals in self.totals().items():
            if totals.reject_share > allow_rejects:
                raise self._too_many(landing, table, totals, allow_rejects)

    def _too_many(
        self, landing: Path, table: str, totals: TableTotals, allow_rejects: Decimal
    ) -> ExportRejected:
        """Names what makes up the most of it: the file and reason with the most rejected rows."""
        faulty = [
            load
            for load in self.current
            if load.table_name == table and load.is_new and (load.status == REJECTED or load.fault_row_count)
        ]
        go_on = "or raise --allow-rejects to go on without these rows; nothing of this run was kept"
        groups = commonest([self._staging.rejects(load.load_id) for load in faulty], per_file=True)
        whole = [group for group in groups if group.row is None]
        top = whole[0] if whole and not totals.readable_file_count else groups[0]
        remedy = f"{where_to_mend(top, self._entries.get(top.load_id))}, {go_on}"
        if top.row is None and not totals.readable_file_count:
            problem = f"no export of {table} could be read: {top.reason}"
            return ExportRejected(path=landing / top.file, problem=problem, remedy=remedy)
        counted = totals.row_count - totals.excluded_row_count
        return ExportRejected(
            path=landing / top.file,
            row=top.row,
            problem=(
                f"{top.reason}; {totals.fault_row_count:,} of {counted:,} rows of {table} do not fit "
                f"({_percent(totals.reject_share)}, allowed {_percent(allow_rejects)}), {top.count:,} of "
                "them in this file for this reason"
            ),
            remedy=remedy,
        )

    def reject_notes(self) -> list[str]:
        """Why rows of new files were rejected: the commonest reasons of each table, with an example each."""
        new = [load.load_id for load in self.current if load.is_new and load.status != DUPLICATE]
        return reject_notes(
            commonest([self._staging.rejects(load_id) for load_id in new]),
            self._entries,
        )

    def totals(self) -> dict[str, TableTotals]:
        """Sums per table over the loads that this run brought."""
        totals: dict[str, TableTotals] = {}
        for load in self.current:
            known = totals.get(load.table_name, TableTotals())
            is_read = load.status != REJECTED
            # A file that came before brings nothing, whatever it is called now.
            new = load if load.is_new and load.status != DUPLICATE else None
            totals[load.table_name] = TableTotals(
                file_count=known.file_count + (1 if new else 0),
                row_count=known.row_count + (new.row_count if new else 0),
                accepted_row_count=known.accepted_row_count + (new.accepted_row_count if new else 0),
                fault_row_count=known.fault_row_count + (new.fault_row_count if new else 0),
                excluded_row_count=known.excluded_row_count + (new.excluded_row_count if new else 0),
                unreadable_file_count=known.unreadable_file_count + (0 if is_read else 1),
                readable_file_count=known.readable_file_count + (1 if is_read else 0),
            )
        return totals

    def all_loads(self) -> list[LoadFigures]:
        """The complete list of loads after this run."""
        gone = {(load.file, load.load_id) for load in self.retired}
        merged = {place: load for place, load in self._known.items() if place not in gone}
        merged |= {(load.file, load.load_id): load for load in self.current}
        return list(merged.values())

    def deliveries(self) -> Deliveries:
        """What was ever delivered, this run's exports included."""
        loads = self.all_loads()
        left_out = {load.load_id for load in loads if self._is_left_out(load)}
        return deliveries(self._contract, loads, self._parts, left_out=left_out)

    def _is_left_out(self, load: LoadFigures) -> bool:
        """Whether a profile's condition left out every row: nothing is wrong with such a file."""
        if load.accepted_row_count or not load.rejected_row_count or load.status != LOADED:
            return False
        paths = [str(path) for path in self._rejects(load.load_id)]
        with duckdb.connect(config={"threads": 1}) as connection:
            row = connection.execute(
                "SELECT count(*) FROM read_parquet($1) WHERE kind = 'fault'", [paths]
            ).fetchone()
        return row == (0,)

    def _rejects(self, load_id: str) -> list[Path]:
        staged = self._staging.rejects(load_id)
        return [staged] if staged.exists() else list(self._store.rejects(load_id))

    def newest_event_date(self, landing: Path) -> dt.date:
        """The newest local date of an event that is not after today, over everything loaded."""
        tables = [(table, self._parts(table)) for table in self._contract.export_tables]
        return DatedTables(tables, self._timezone, self._today).business_date(landing)

    def note_conflicts(self) -> None:
        """Count and tell keys that rows of one new file share although they differ."""
        for table in self._contract.export_tables:
            new = {
                load.load_id
                for load in self.current
                if load.table_name == table.full_name and load.is_new and load.status == LOADED
            }
            if not new or not (paths := self._staging.parts(table)):
                continue
            found = {one.load_id: one for one in conflicts(table, paths)}
            for place, load in enumerate(self.current):
                if load.is_new and load.status == LOADED and load.load_id in found:
                    conflict = found[load.load_id]
                    self.current[place] = replace(load, conflicting_key_count=conflict.key_count)
                    self.notes.append(conflict.sentence(load.file, table))

    def _parts(self, table: ContractTable) -> list[Path]:
        retired = {load.load_id for load in self.retired}
        kept = [path for path in self._store.parts(table) if path.name.split(".", 1)[0] not in retired]
        return [*kept, *self._staging.parts(table)]


def _assign(
    files: Iterable[LandedFile], entries: Sequence[Entry], contract: Contract, business_timezone: str
) -> tuple[list[_Assignment], list[str]]:
    """Which entries read which file: matching profile entries, else the canonical layout."""
    assignments: list[_Assignment] = []
    notes: list[str] = []
    for file in files:
        matching = tuple(entry for entry in entries if _matches(file, entry))
        if not matching and (table := _canonical_table(file, contract)) is not None:
            matching = (canonical_entry(table, business_timezone),)
        if not matching:
            why = (
                f"not read: {file.refusal}"
                if file.refusal
                else "not read: no profile and no table matches it"
            )
            notes.append(f"{file.name}: {why}")
        assignments.append(_Assignment(file, matching))
    return assignments, notes


def _matches(file: LandedFile, entry: Entry) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in entry.spec.match for name in file.match_names)


def _canonical_table(file: LandedFile, contract: Contract) -> ContractTable | None:
    """The table of `<source>/<table>*.<format>`: the longest table name that the file's name starts with."""
    parts = PurePosixPath(file.name).parts
    if len(parts) < 2 or not (file.file_format or file.refusal):
        return None
    fitting = [
        table
        for table in contract.export_tables
        if table.source == parts[0] and parts[1].startswith(table.name)
    ]
    return max(fitting, key=lambda table: len(table.name), default=None)


def _demand_required(landing: Path, entries: Sequence[Entry], assignments: Sequence[_Assignment]) -> None:
    present = {id(entry) for assignment in assignments for entry in assignment.entries}
    for entry in entries:
        if entry.spec.required and id(entry) not in present:
            raise ExportRejected(
                path=landing,
                problem=(
                    f"the required export {' or '.join(entry.spec.match)} of {entry.table.full_name} "
                    f"is missing (profile {entry.profile}, files entry {entry.entry_no})"
                ),
                remedy="Drop the export there and run again",
            )


def _nothing_to_read(landing: Path, files: Sequence[LandedFile]) -> ConfigurationError:
    shown = ", ".join(file.name for file in files[:5]) + (" and more" if len(files) > 5 else "")
    return ConfigurationError(
        path=landing,
        problem=f"no file of the landing folder is an export that can be told ({shown})",
        remedy="Put exports there as <source>/<table>*.csv, or give a --profile that matches their names",
    )


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "No space left on device" in str(error)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).quantize(Decimal('0.1'))} %"
