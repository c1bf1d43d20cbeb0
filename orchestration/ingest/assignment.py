"""Which entries read which file of the landing folder, and of which sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from orchestration.errors import ConfigurationError, ExportRejected
from orchestration.ingest.contract import Contract, ContractTable
from orchestration.ingest.encoding import SAMPLE_BYTES
from orchestration.ingest.landing import LandedFile, UnreadableFile
from orchestration.ingest.lookup import is_looked_up
from orchestration.ingest.profile import Entry, canonical_entry
from orchestration.ingest.workbook import kind_of, sheet_names
from orchestration.scratch import scratch_folder

_WORKBOOKS = ("xlsx", "xls")


@dataclass(frozen=True)
class Assignment:
    """An export and the entries that read it; of a workbook that is read by sheets, each sheet is one."""

    file: LandedFile
    entries: tuple[Entry, ...]


def assign(
    files: Iterable[LandedFile],
    entries: Sequence[Entry],
    contract: Contract,
    business_timezone: str,
    only: frozenset[str] | None,
) -> tuple[list[Assignment], list[str]]:
    """Which entries read which file: matching profile entries, else the canonical layout; and what is told of
    files that nobody reads, not even to look columns up.
    """
    assignments: list[Assignment] = []
    notes: list[str] = []
    for file in files:
        matching = tuple(entry for entry in entries if _matches(file, entry))
        if not matching and (table := _canonical_table(file, contract)) is not None:
            matching = (canonical_entry(table, business_timezone),)
        is_read = matching or any(
            entry.spec.lookup is not None and is_looked_up(entry.spec.lookup, file) for entry in entries
        )
        if not is_read:
            notes.append(f"{file.name}: not read: {file.refusal or 'no profile and no table matches it'}")
        if only is not None:
            matching = tuple(entry for entry in matching if entry.table.full_name in only)
        assignments.extend(_by_sheet(file, matching))
    return assignments, notes


def _matches(file: LandedFile, entry: Entry) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in entry.spec.match for name in file.match_names)


def _canonical_table(file: LandedFile, contract: Contract) -> ContractTable | None:
    """The table of `<source>/<table>*.<format>`: the longest table name that the file's name starts with."""
    source, *rest = PurePosixPath(file.name).parts
    if not rest or not (file.file_format or file.refusal):
        return None
    tables = [table for table in contract.export_tables if table.source == source]
    fitting = [table for table in tables if rest[0].startswith(table.name)]
    return max(fitting, key=lambda table: len(table.name), default=None)


def demand_required(landing: Path, entries: Sequence[Entry], assignments: Sequence[Assignment]) -> None:
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


def nothing_to_read(landing: Path, files: Sequence[LandedFile]) -> ConfigurationError:
    shown = ", ".join(file.name for file in files[:5]) + (" and more" if len(files) > 5 else "")
    return ConfigurationError(
        path=landing,
        problem=f"no file of the landing folder is an export that can be told ({shown})",
        remedy="Put exports there as <source>/<table>*.csv, or give a --profile that matches their names",
    )


def _by_sheet(file: LandedFile, entries: Sequence[Entry]) -> Iterator[Assignment]:
    """An export's assignments: itself to entries that read it whole, each sheet to those that read it."""
    whole = tuple(entry for entry in entries if not entry.spec.sheets)
    if whole or not entries:
        yield Assignment(file, whole)
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if not entry.spec.sheets:
            continue
        try:
            names = _sheets(file)
        except UnreadableFile as error:
            yield Assignment(replace(file, refusal=file.refusal or str(error)), (entry,))
            continue
        fitting = [name for name in names if any(fnmatchcase(name, like) for like in entry.spec.sheets)]
        if not fitting:
            wanted = " or ".join(entry.spec.sheets)
            missing = f"it has no sheet like {wanted}, as the profile asks for; it has {', '.join(names)}"
            yield Assignment(replace(file, refusal=missing), (entry,))
        for name in fitting:
            found.setdefault(name, []).append(entry)
    yield from (Assignment(file.of_sheet(name), tuple(found[name])) for name in sorted(found))


def _sheets(file: LandedFile) -> tuple[str, ...]:
    """Names of a workbook's sheets, in their order; UnreadableFile where it is none or cannot be opened."""
    if file.refusal:
        raise UnreadableFile(file.refusal)
    kind = kind_of(file.head(SAMPLE_BYTES)) if file.file_format == "xls" else file.file_format
    if kind not in (*_WORKBOOKS, "html", "xml"):
        raise UnreadableFile("it has no sheets, which the profile's sheets asks for: it is no workbook")
    if not file.compression:
        return sheet_names(file.path, kind)
    with scratch_folder() as folder:
        copy = folder / "book"
        file.copy_to(copy)
        return sheet_names(copy, kind)
