"""The ingestion of a landing folder into a state's raw folder."""

from __future__ import annotations

import datetime as dt
import errno
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.errors import ExportRejected, MeritlineError
from orchestration.ingest.assignment import Assignment, assign, demand_required, nothing_to_read
from orchestration.ingest.business_date import DatedTables
from orchestration.ingest.checks import due, headers, nights, zones
from orchestration.ingest.checks.manifest import Manifest, manifest_of
from orchestration.ingest.checks.rows import RowChecks, at_odds, conflicts, replaced
from orchestration.ingest.contract import Contract, ContractTable, load_contract
from orchestration.ingest.database import rows
from orchestration.ingest.deliveries import Deliveries, deliveries
from orchestration.ingest.formats import WORKBOOKS
from orchestration.ingest.landing import LandedFile, UnreadableFile, landed_as, list_landing
from orchestration.ingest.load import Load, load_identity
from orchestration.ingest.loader import Loader
from orchestration.ingest.lookup import LookupFiles
from orchestration.ingest.personal import load_key
from orchestration.ingest.profile import Entry, load_profiles
from orchestration.ingest.rejects import commonest, reject_notes, where_to_mend
from orchestration.ingest.report import DUPLICATE, LOADED, REJECTED, IngestReport, LoadFigures, TableTotals
from orchestration.ingest.seen import Seen
from orchestration.ingest.store import RawStore, Staging, disk_full, load_of

KEPT_NOTHING = "nothing of this run was kept"


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
    seen: Callable[[Seen], None] | None = None,
    again: str = "meritline nightly",
) -> IngestReport:
    """Read every export of `landing` into `<state>/raw`, as docs/data_path.md describes it.

    `profiles` are paths of YAML files or bare names of shipped ones; files of the canonical layout that no
    profile matches are read by it. `as_of` is the business date, by default the newest local event date not
    after `today`. `only` restricts it to some tables (`source.table`), for a look at these alone. The caller
    holds the state folder: nothing else may write to it meanwhile. `note` is told why rows were rejected when
    the run fails afterwards; else that is among the report's notes. `seen` is given what was read before it
    is judged. `again` is the command of this run, for the remedies that repeat it.

    Raises ExportRejected when a table's share of faulty rows exceeds `allow_rejects` or a required file is
    missing or unreadable, ConfigurationError for a missing or empty landing folder, an unsound profile or
    contract, a default business date that a handful of rows would move. A failed run leaves the raw folder as
    it was.
    """
    say = progress or (lambda message: None)
    contract = load_contract(contract_dir)
    entries = load_profiles(profiles, contract=contract, business_timezone=business_timezone)
    files = list_landing(landing)
    assignments, notes = assign(files, entries, contract, business_timezone, only)
    if not any(assignment.entries for assignment in assignments):
        raise nothing_to_read(landing, files)
    if only is None:
        demand_required(landing, entries, assignments)
    state.mkdir(parents=True, exist_ok=True)
    store = RawStore(state, contract)
    try:
        key = load_key(state)
        with store.staging() as staging:
            run = _Run(store, staging, contract, business_timezone, landing, today, say, files)
            with Loader(staging, key) as loader:
                run.read(loader, assignments)
            if seen is not None:
                seen(run.seen())
            rejected = run.reject_notes()
            try:
                run.check(allow_rejects)
                run.note_conflicts()
                run.note_replaced()
                business_date = as_of or run.newest_event_date(again)
            except MeritlineError:
                if note is not None:  # nothing else would show them
                    for sentence in rejected:
                        note(sentence)
                raise
            run.notice(entries, business_date)
            cut_at = end_of_day(business_date, business_timezone)
            staging.write_context(business_date, cut_at, business_timezone)
            staging.write_deliveries(run.deliveries())
            brought = run.notice_night(business_date)
            store.commit(staging, loads=run.all_loads(), retired=run.retired)
            nights.write_nights(store.raw, brought)
            return IngestReport(
                as_of=business_date,
                cut_at=cut_at,
                business_timezone=business_timezone,
                loads=tuple(run.current),
                totals=run.totals(),
                notes=(*zones.zone_settings(entries, business_timezone), *notes, *run.notes, *rejected),
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


@dataclass
class _Run:
    """State of one ingestion: what was known, what came, what has to go."""

    store: RawStore
    staging: Staging
    contract: Contract
    timezone: str
    landing: Path
    today: dt.date
    say: Callable[[str], None]
    landed: Sequence[LandedFile]
    current: list[LoadFigures] = field(default_factory=list)
    retired: list[LoadFigures] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = {(load.file, load.load_id): load for load in self.store.known_loads()}
        self._next_seq = max((load.load_seq for load in self._known.values()), default=0) + 1

    # What came

    def read(self, loader: Loader, assignments: Sequence[Assignment]) -> None:
        """Read what is new; recognise what is known, under this name or another."""
        used = [assignment for assignment in assignments if assignment.entries]
        for number, assignment in enumerate(used, start=1):
            file = assignment.file
            self.say(f"reading {number} of {len(used)}: {file.name}")
            manifest = None
            sha256 = ""
            try:
                sha256 = "" if file.refusal else file.sha256()
                manifest = manifest_of(file)
                if manifest is not None:
                    manifest.check_content(sha256)
            except (UnreadableFile, OSError) as error:
                if _is_disk_full(error):
                    raise
                file = replace(file, refusal=str(error))
            self._read_file(loader, file, sha256, manifest, assignment.entries)
        self._retire_other_sheets(used)

    def _retire_other_sheets(self, used: Sequence[Assignment]) -> None:
        """A workbook once read as a whole and now by sheets, or the other way, is not taken twice."""
        names = {assignment.file.name for assignment in used}
        for assignment in used:
            file = assignment.file
            book = (
                file if file.sheet is None else replace(file, name=file.name.rpartition("/")[0], sheet=None)
            )
            if book.file_format not in WORKBOOKS or book.refusal:
                continue
            tables = {entry.table.full_name for entry in assignment.entries}
            for load in self._known.values():
                if load.file in names or load.table_name not in tables or load in self.retired:
                    continue
                other = landed_as({book.name: book}, load.file)
                with suppress(UnreadableFile, OSError):  # it changes: the next night sees what it is
                    if other is not None and load.sha256 == other.sha256():
                        self.retired.append(load)

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
        tables: set[str] = set()
        for entry in entries:
            files, looked_up, lacking = self._looked_up(entry)
            if not lacking:  # what was read while everything was there stays
                tables.add(entry.table.full_name)
            load_id = load_identity(sha256 or file.name, entry, looked_up)
            if load_id in ids:
                self.notes.append(
                    f"{file.name}: entries {self.entries[load_id].entry_no} and {entry.entry_no} of profile "
                    f"{entry.profile} read it alike into {entry.table.full_name}; its rows were taken once"
                )
                continue
            ids.add(load_id)
            self.entries[load_id] = entry
            known = self._known.get((file.name, load_id))
            if known is not None and known.status != REJECTED:
                self.current.append(known)
                continue
            twin = self._twin(load_id, file.name)
            seq = known.load_seq if known else self._next_seq
            self._next_seq = max(self._next_seq, seq + 1)
            if twin is None:
                wanted.append(Load(load_id, seq, sha256, entry, manifest, files, lacking))
            else:
                same = f"the same content as {twin.file}"
                self.current.append(
                    replace(twin, load_seq=seq, file=file.name, status=DUPLICATE, reason=same, is_new=True)
                )
        self.retired += [
            load
            for load in self._known.values()
            if (load.file, load.sha256) == (file.name, sha256)
            and load.load_id not in ids
            and load.table_name in tables
        ]
        for load in loader.load(file, wanted) if wanted else ():
            self.current.append(load)
            self.say(load.sentence)

    def _looked_up(self, entry: Entry) -> tuple[LookupFiles | None, str, str]:
        """The files that an entry looks columns up in, what their content is, and why they cannot be used."""
        if entry.spec.lookup is None:
            return None, "", ""
        files = LookupFiles.of(entry.spec.lookup, self.landed)
        try:
            return files, files.identity(), ""
        except (UnreadableFile, OSError) as error:
            return files, "", str(error)

    def _twin(self, load_id: str, file: str) -> LoadFigures | None:
        """A load of the same content under another name."""
        for load in [*self.current, *self._known.values()]:
            if load.load_id == load_id and load.status == LOADED and load.file != file:
                return load
        return None

    def _taken(self, table: ContractTable) -> list[LoadFigures]:
        """New loads of a table that could be read."""
        return [
            load
            for load in self.current
            if load.table_name == table.full_name and load.is_new and load.status == LOADED
        ]

    def all_loads(self) -> list[LoadFigures]:
        """The complete list of loads after this run."""
        gone = {(load.file, load.load_id) for load in self.retired}
        merged = {place: load for place, load in self._known.items() if place not in gone}
        merged |= {(load.file, load.load_id): load for load in self.current}
        return list(merged.values())

    def totals(self) -> dict[str, TableTotals]:
        """Sums per table over the loads that this run brought."""
        names = dict.fromkeys(load.table_name for load in self.current)
        return {
            name: TableTotals.of([load for load in self.current if load.table_name == name]) for name in names
        }

    def _parts(self, table: ContractTable) -> list[Path]:
        retired = {load.load_id for load in self.retired}
        kept = [path for path in self.store.parts(table) if load_of(path) not in retired]
        return [*kept, *self.staging.parts(table)]

    # Whether it will do

    def check(self, allow_rejects: Decimal) -> None:
        """Refuse a run whose required files are unreadable or whose tables lost too many rows."""
        for load in self.current:
            if load.status == REJECTED and self.entries[load.load_id].spec.required:
                raise ExportRejected(
                    path=self.landing / load.file,
                    problem=f"the required export of {load.table_name} cannot be read: {load.reason}",
                    remedy=f"Fix the export and drop it again; {KEPT_NOTHING}",
                )
        for table, totals in self.totals().items():
            if totals.reject_share > allow_rejects:
                raise self._too_many(table, totals, allow_rejects)

    def _too_many(self, table: str, totals: TableTotals, allow_rejects: Decimal) -> ExportRejected:
        """Names what makes up the most of it: the file and reason with the most rejected rows."""
        faulty = [
            load.load_id
            for load in self.current
            if load.table_name == table and load.is_new and (load.status == REJECTED or load.fault_row_count)
        ]
        groups = commonest(map(self.staging.rejects, faulty), per_file=True)
        whole = [group for group in groups if group.row is None]
        top = whole[0] if whole and not totals.readable_file_count else groups[0]
        if top.row is None and not totals.readable_file_count:
            problem = f"no export of {table} could be read: {top.reason}"
        else:
            counted = totals.row_count - totals.excluded_row_count
            problem = (
                f"{top.reason}; {totals.fault_row_count:,} of {counted:,} rows of {table} do not fit "
                f"({totals.reject_share * 100:.1f} %, allowed {allow_rejects * 100:.1f} %), {top.count:,} of "
                "them in this file for this reason"
            )
        return ExportRejected(
            path=self.landing / top.file,
            row=top.row,
            problem=problem,
            remedy=f"{where_to_mend(top, self.entries.get(top.load_id))}, or raise --allow-rejects to go on "
            f"without these rows; {KEPT_NOTHING}",
        )

    def seen(self) -> Seen:
        """What was read, known files included."""
        rejects = [
            path
            for load in self.current
            if load.status != DUPLICATE
            for path in (self.staging.rejects(load.load_id), *self.store.rejects(load.load_id))
            if path.exists() and (load.is_new == (self.staging.root in path.parents))
        ]
        return Seen(
            loads=tuple(self.current),
            parts={table: self._parts(table) for table in self.contract.export_tables},
            rejects=tuple(rejects),
        )

    def newest_event_date(self, again: str) -> dt.date:
        """The newest local date of an event that is not after today, over everything loaded."""
        tables = [(table, self._parts(table)) for table in self.contract.export_tables]
        return DatedTables(tables, self.timezone, self.today).business_date(self.landing, again)

    def deliveries(self) -> Deliveries:
        """What was ever delivered, this run's exports included."""
        loads = self.all_loads()
        left_out = {load.load_id for load in loads if self._is_left_out(load)}
        return deliveries(self.contract, loads, self._parts, left_out=left_out)

    def _is_left_out(self, load: LoadFigures) -> bool:
        """Whether a profile's condition left out every row: nothing is wrong with such a file."""
        if load.accepted_row_count or not load.rejected_row_count or load.status != LOADED:
            return False
        staged = self.staging.rejects(load.load_id)
        paths = [staged] if staged.exists() else self.store.rejects(load.load_id)
        return not rows("FROM read_parquet($1) WHERE kind = 'fault' LIMIT 1", [str(path) for path in paths])

    # What people are told

    def reject_notes(self) -> list[str]:
        """Why rows of new files were rejected: the commonest reasons of each table, with an example each."""
        new = [load.load_id for load in self.current if load.is_new and load.status != DUPLICATE]
        return reject_notes(commonest(map(self.staging.rejects, new)), self.entries)

    def note_conflicts(self) -> None:
        """Count and tell keys that rows of one new file share although they differ, and tell those of several
        new files where nothing but load order says which of them counts.
        """
        for table in self.contract.export_tables:
            new = self._taken(table)
            if not new or not (paths := self.staging.parts(table)):
                continue
            found = {one.load_id: one for one in conflicts(table, paths)}
            for load in new:
                if conflict := found.get(load.load_id):
                    counted = replace(load, conflicting_key_count=conflict.key_count)
                    self.current[self.current.index(load)] = counted
                    self.notes.append(conflict.sentence(load.file, table))
            if len(new) > 1 and table.key and (said := at_odds(table, paths)):
                self.notes.append(said)

    def note_replaced(self) -> None:
        """Tell contents that came again after others that replaced their rows, where load order alone says
        which rows are the newest: put back under its own name, every night as long as it lies there; under
        another name, once.
        """
        loads = [load for load in self.all_loads() if load.status == LOADED]
        for table in self.contract.export_tables:
            if not table.key:
                continue
            own = [load for load in loads if load.table_name == table.full_name]
            for load in self.current:
                if load.table_name != table.full_name or load.status == REJECTED:
                    continue
                if load.status == DUPLICATE and not load.is_new:
                    continue
                is_copy = load.status == DUPLICATE
                taken = [one.load_seq for one in own if one.load_id == load.load_id]
                later = [
                    one.load_id
                    for one in own
                    if taken and one.load_seq > min(taken) and (is_copy or one.file == load.file)
                ]
                if later and (found := replaced(table, self._parts(table), load.load_id, later)):
                    self.notes.append(found.sentence(load, table))

    def notice(self, entries: Sequence[Entry], as_of: dt.date) -> None:
        """Notes on what is late, moved, shifted or came twice; a required export overdue stops the run."""
        new = [load for load in self.current if load.is_new]
        self.notes += dict.fromkeys(remark for load in new for remark in load.remarks)
        self.notes += [f"{load.file}: {load.status} ({load.reason})" for load in new if load.status != LOADED]
        self.notes += headers.header_notes(new, self._known.values(), self.entries)
        event_days: dict[str, frozenset[dt.date]] = {}
        expects = {entry.table.full_name for entry in entries if entry.spec.expected_by}
        for table in self.contract.export_tables:
            loads = self._taken(table)
            if not loads and table.full_name not in expects:
                continue
            checks = RowChecks(table, self._parts(table), self.timezone)
            if checks.event_column is None or not checks.paths:
                continue
            days = checks.event_days()
            if table.full_name in expects:
                event_days |= days
            self._notice_rows(loads, checks, days)
        for item in due.missing_days(entries, self.all_loads(), event_days, as_of=as_of, today=self.today):
            if item.entry.spec.required and item.day == due.last_due_day(as_of, self.today):
                raise ExportRejected(
                    path=self.landing,
                    problem=item.sentence,
                    remedy=f"Drop the export there and run again; {KEPT_NOTHING}",
                )
            self.notes.append(item.sentence)
            self.late.append(item.sentence)

    def _notice_rows(
        self, loads: Sequence[LoadFigures], checks: RowChecks, days: Mapping[str, frozenset[dt.date]]
    ) -> None:
        if not loads:
            return
        name = checks.table.full_name
        suspects = frozenset().union(*(days.get(load.load_id, frozenset()) for load in loads))
        self.notes += zones.zone_notes(name, zones.shifted_days(checks.hours_by_day(), suspects))
        if sum(load.table_name == name for load in self.all_loads()) < 2:
            return
        for load in loads:
            for file, same, alike in checks.repeats(load):
                count = load.accepted_row_count
                if same:
                    self.notes.append(f"{load.file}: {same} of {count} rows came already with {file}")
                if alike:
                    self.notes.append(
                        f"{load.file}: {alike} of {count} rows equal rows of {file} in all but their key; "
                        "if both exports hold the same events, they count twice"
                    )

    def notice_night(self, as_of: dt.date) -> Mapping[dt.date, nights.Brought]:
        """Notes on exports that came on the nights before and tonight bring no row; what each night brought,
        tonight included.
        """
        tonight = nights.brought_by(self.current)
        brought = nights.with_tonight(nights.read_nights(self.store.raw), as_of, tonight)
        earlier = [brought[day] for day in sorted(brought) if day < as_of]
        lying_there = nights.overwritten_tables(self.current, self.all_loads())
        quiet = nights.quiet_exports(earlier, brought.get(as_of, {}), lying_there=lying_there)
        self.notes += [one.sentence for one in quiet]
        return brought


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "No space left on device" in str(error)
