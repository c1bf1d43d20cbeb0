"""The state folder: the one place a run writes to.

Only `published/` may be read by others, and each audience by the group of its files; everything else is the
owner's alone.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orchestration.errors import ConfigurationError
from orchestration.state.form import FORM, NAME, form_of, require_known_form, text_of_today

DRAFT_NAME = re.compile(r"\..+\.\d+")
OWNER_FILE, GROUP_FILE = 0o600, 0o640
OWNER_DIR, GROUP_DIR = 0o700, 0o750
PRIVATE_UMASK = 0o077

PARTS = "*.parquet"
"""The files of a published relation; their names' order is the order of its rows."""
WHOLE = "all.parquet"
"""The one file of a relation that has no parts."""
AUDITOR = "auditor"
"""The audience whose files have every relation: its folder, and with `.duckdb` its file, in a publication."""
EARLIER_AUDITOR = "audit"
"""What releases before called both. DuckDB calls a database like its file: in `audit.duckdb` the schema
`audit` was ambiguous.
"""

DAGSTER_YAML = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"


def keep_private() -> None:
    """Have every file that this process makes from now on readable to its owner alone.

    Libraries write most of a state folder (warehouse, build log, run history) with whatever the caller's
    umask lets through. What the group may read is given its mode by name.
    """
    os.umask(PRIVATE_UMASK)


@dataclass(frozen=True)
class StateFolder:
    """Paths of a state folder. `prepare` makes what is missing; the paths alone touch nothing."""

    root: Path

    @property
    def raw(self) -> Path:
        """Append-only Parquet of every load, and `run/` about the run."""
        return self.root / "raw"

    @property
    def seeds(self) -> Path:
        """The policy in force for the run, copied: `policy/` and `reference/`."""
        return self.root / "seeds"

    @property
    def dbt(self) -> Path:
        """dbt's target folder: manifest, partial parse, compiled SQL, log."""
        return self.root / "dbt"

    @property
    def warehouse(self) -> Path:
        """DuckDB file of the build; private to a run, since one reader would block the writer."""
        return self.root / "warehouse.duckdb"

    @property
    def spill(self) -> Path:
        """What did not fit into memory, a folder per connection (`state.memory`)."""
        return self.root / "spill"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME: runs, events and asset checks of every night."""
        return self.root / "dagster"

    @property
    def candidate(self) -> Path:
        """What the last build would publish."""
        return self.root / "candidate"

    @property
    def checks(self) -> Path:
        """Calibration results, one JSON file per content hash."""
        return self.root / "checks"

    @property
    def runs(self) -> Path:
        """One JSON record per run: outcome, stages, durations."""
        return self.root / "runs"

    @property
    def published(self) -> Path:
        """Publications, and the link `current`."""
        return self.root / "published"

    @property
    def previews(self) -> Path:
        """Publications for show, which are in no chain; the owner's alone."""
        return self.root / "previews"

    @property
    def current(self) -> Path:
        """Link to the newest publication; switched atomically."""
        return self.published / "current"

    @property
    def lock(self) -> Path:
        """Locked while a run holds the state."""
        return self.root / "lock"

    def prepare(self) -> None:
        """Make the folders with their permissions. Raises ConfigurationError when the folder cannot be
        written, or has a form that this release does not know.
        """
        require_known_form(self.root)
        try:
            made = [folder for folder in (self.root, *self.root.parents) if not folder.exists()]
            self.root.mkdir(parents=True, exist_ok=True)
            # Readers of `published` have to get there, whatever the umask.
            for folder in {self.root, *made}:
                folder.chmod(GROUP_DIR)
            for folder in (self.raw, self.seeds, self.dbt, self.spill, self.dagster, self.checks, self.runs):
                folder.mkdir(exist_ok=True)
                folder.chmod(OWNER_DIR)
            self.published.mkdir(exist_ok=True)
            self.published.chmod(GROUP_DIR)
            config = self.dagster / "dagster.yaml"
            if not config.exists():
                write_atomically(config, DAGSTER_YAML)
        except OSError as error:
            raise ConfigurationError(
                path=self.root,
                problem=f"the state folder cannot be written ({error.strerror})",
                remedy="Name a folder that you own with --state, or free space on its disk",
            ) from error

    def bring_to_form(self) -> None:
        """Have the folder say that it has the form of this release, where one before left it.

        The caller holds it. Raises ConfigurationError for a form that this release does not know.
        """
        require_known_form(self.root)
        if form_of(self.root).form < FORM:
            write_atomically(self.root / NAME, text_of_today())

    def dbt_environment(self) -> dict[str, str]:
        """Variables that dbt's profiles.yml reads."""
        return {
            "MERITLINE_WAREHOUSE": str(self.warehouse),
            "MERITLINE_RAW": str(self.raw),
        }


def auditor_name(publication: Path) -> str:
    """What a publication calls the auditors' folder and file; one of an earlier release says `audit`."""
    has = [name for name in (AUDITOR, EARLIER_AUDITOR) if _has_of(publication, name)]
    return has[0] if has else AUDITOR


def auditor_database(publication: Path) -> Path:
    """The DuckDB file of a publication or candidate that has every relation."""
    return publication / f"{auditor_name(publication)}.duckdb"


def auditor_folder(publication: Path, relation: str) -> Path:
    """The folder of a relation (`schema.table`) in a publication or candidate: a Parquet file per month of a
    large one, named by it, or one of all rows.
    """
    return publication / auditor_name(publication) / relation


def auditor_parquet(publication: Path, relation: str) -> Path:
    """The Parquet of a relation in a publication or candidate as DuckDB reads it: a pattern, or the one file
    that an earlier release wrote.
    """
    folder = auditor_folder(publication, relation)
    flat = folder.with_name(f"{relation}.parquet")
    return flat if flat.is_file() and not folder.is_dir() else folder / PARTS


def lost_current(state: StateFolder) -> tuple[str, str] | None:
    """Problem and remedy where publications are there and `current` leads to none; None where it leads to
    one, or nothing was ever published.
    """
    there = publication_folders(state)
    if state.current.exists() or not (state.current.is_symlink() or there):
        return None
    names = ", ".join(folder.name for folder in there[-5:]) or "none"
    anew = "run meritline nightly, which publishes anew"
    if state.current.is_symlink():
        problem = f"it points at {state.current.readlink()}, which is not there (there are: {names})"
        return problem, f"Restore that folder from the backup, or {anew}"
    link = f"ln -s {there[-1].name} {shlex.quote(str(state.current))}"
    problem = f"the link to the newest publication is gone (there are: {names})"
    return problem, f"Make it again ({link}), or {anew}"


def publication_folders(state: StateFolder) -> list[Path]:
    """Folders of all publications, oldest first; retention may have left only the manifest in some."""
    return sorted(path for path in state.published.glob("[0-9]*-*") if path.is_dir())


def is_published(publication: Path, relation: str) -> bool:
    """Whether a publication or candidate has the rows of a relation."""
    pattern = auditor_parquet(publication, relation)
    return any(pattern.parent.glob(pattern.name))


def auditor_view(publication: Path, relation: str) -> Path:
    """The SQL of a relation that is published as a view; there is none of others."""
    return publication / auditor_name(publication) / f"{relation}.sql"


def place_of(relation: str) -> str:
    """The folder of a relation's Parquet within a publication."""
    return f"{AUDITOR}/{relation}"


def relation_at(name: str) -> str:
    """The relation that a file of the auditors is of, by its path in the publication."""
    place = PurePosixPath(name)
    if place.parent.name in (AUDITOR, EARLIER_AUDITOR):
        return place.name.removesuffix(".parquet").removesuffix(".sql")
    return place.parent.name


def require_of_this_release(publication: Path) -> None:
    """Raise ConfigurationError for a publication that an earlier release made."""
    flat, folders = (any((publication / AUDITOR).glob(pattern)) for pattern in (PARTS, "*/"))
    if auditor_name(publication) == EARLIER_AUDITOR or (flat and not folders):
        raise ConfigurationError(
            path=publication.name,
            problem=f"an earlier release published it: today each relation is a folder of {AUDITOR}/",
            remedy="Run meritline nightly once, which publishes anew; trace and diff still read the old one",
        )


def _has_of(publication: Path, name: str) -> bool:
    return (publication / name).is_dir() or (publication / f"{name}.duckdb").is_file()


def write_atomically(path: Path, text: str, mode: int = OWNER_FILE) -> None:
    """Write a file that is either the old one or the new one, whole and on disk, whenever the machine
    stops.
    """
    write_private(path, text.encode("utf-8"), mode)


def write_private(path: Path, content: bytes, mode: int = OWNER_FILE) -> None:
    """The same of bytes."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(mode)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def remove_drafts(folder: Path) -> None:
    """Remove what `write_atomically` of a killed process left in `folder`; for whoever is its only writer."""
    for path in folder.glob(".*"):
        if DRAFT_NAME.fullmatch(path.name):
            path.unlink(missing_ok=True)


def replace_folder(new: Path, target: Path) -> None:
    """Put folder `new` in the place of `target`. Readers of the old one's open files keep them."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
