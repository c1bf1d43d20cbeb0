"""Raw Parquet stays as it was written: what is damaged or gone is found before a night builds on it.

After each ingestion the SHA-256 of every part is kept in `raw/_parts.json`, beside a copy of the list of
loads. A damaged load is read again from the landing folder if its export still lies there; if not, the
night stops and says which file to restore.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.errors import MeritlineError
from orchestration.hashing import file_hash
from orchestration.ingest.landing import UnreadableFile, list_landing
from orchestration.ingest.report import LOADED, REJECTED
from orchestration.ingest.store import SCHEMA_FILE, load_of
from orchestration.state.folder import OWNER_FILE, StateFolder, write_atomically

REGISTRY = Path("run") / "load_file" / "load_file.parquet"
OF_THE_NIGHT = tuple(Path("run") / name for name in ("context", "export", "export_column", "plan_need"))
"""Written anew by every night."""
SETTLED = Path("settlement")
"""Frozen registers have hashes of their own in the records of settlements."""


@dataclass(frozen=True)
class DamagedLoad:
    """A load whose Parquet is not what was written. `file` is its export's name below the landing folder."""

    load_id: str
    file: str
    sha256: str
    part: Path


def restore_raw(state: StateFolder, landing: Path) -> list[str]:
    """Find damaged loads and have ingestion read their exports again; returns what was found, in sentences.

    Raises MeritlineError naming the damaged file when its export is not in the landing folder (any more).
    """
    sealed = _read_seal(state)
    if not sealed:
        return []
    notes = _restore_registry(state, sealed)
    damaged = _damaged_loads(state, sealed)
    if not damaged:
        return notes
    landed = {file.name: file for file in list_landing(landing)} if landing.is_dir() else {}
    for load in damaged:
        file = landed.get(load.file)
        try:
            is_there = file is not None and not file.refusal and file.sha256() == load.sha256
        except (UnreadableFile, OSError):
            is_there = False
        if not is_there:
            raise MeritlineError(
                path=load.part,
                problem=f"this raw file is damaged or gone, and its export {load.file} is not in {landing} "
                "as it was loaded",
                remedy="The last publication stays. Restore the file from the backup, or put the export back "
                "into the landing folder, and run again",
            )
    for load in damaged:
        for part in state.raw.glob(f"*/*/{load.load_id}*.parquet"):
            part.unlink()
    _forget(state, [load.load_id for load in damaged])
    return [
        *notes,
        *(f"{load.part} was damaged or gone: {load.file} is read again" for load in damaged),
    ]


def seal_raw(state: StateFolder) -> None:
    """Keep the hashes of parts that have none yet, and a copy of the list of loads."""
    known = _read_seal(state)
    parts = {
        path.relative_to(state.raw).as_posix(): path
        for path in state.raw.glob("*/*/*.parquet")
        if path.name != SCHEMA_FILE
        and not any(path.relative_to(state.raw).is_relative_to(folder) for folder in (*OF_THE_NIGHT, SETTLED))
    }
    hashes = {name: known.get(name) or file_hash(path) for name, path in parts.items()}
    registry = state.raw / REGISTRY
    hashes[REGISTRY.as_posix()] = file_hash(registry)
    draft = _registry_copy(state).with_suffix(".draft")
    shutil.copyfile(registry, draft)
    draft.chmod(OWNER_FILE)
    draft.replace(_registry_copy(state))
    write_atomically(_seal_file(state), json.dumps(hashes, indent=0, sort_keys=True))


def _seal_file(state: StateFolder) -> Path:
    return state.raw / "_parts.json"


def _registry_copy(state: StateFolder) -> Path:
    return state.raw / "_load_file.parquet"


def _read_seal(state: StateFolder) -> Mapping[str, str]:
    try:
        found = json.loads(_seal_file(state).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _restore_registry(state: StateFolder, sealed: Mapping[str, str]) -> list[str]:
    """A list of loads that reads is the sealed one or a newer one; one that does not is put back."""
    registry, copy = state.raw / REGISTRY, _registry_copy(state)
    try:
        with duckdb.connect() as database:
            database.execute(f"create table known as from read_parquet('{_quoted(registry)}')")
        return []
    except duckdb.Error as error:
        if not copy.exists() or file_hash(copy) != sealed.get(REGISTRY.as_posix()):
            raise MeritlineError(
                path=registry,
                problem="the list of loads is damaged",
                remedy="The last publication stays. Restore the raw folder from the backup and run again",
            ) from error
        draft = registry.with_suffix(".draft")
        registry.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy, draft)
        draft.replace(registry)
        return [f"{registry} was damaged: put back as the last night left it"]


def _damaged_loads(state: StateFolder, sealed: Mapping[str, str]) -> list[DamagedLoad]:
    changed: dict[str, Path] = {}
    for name, sha256 in sealed.items():
        path = state.raw / name
        if Path(name) != REGISTRY and (not path.is_file() or file_hash(path) != sha256):
            changed.setdefault(load_of(path), path)
    if not changed:
        return []
    with duckdb.connect() as database:
        rows = database.execute(
            f"select load_id, file, sha256 from read_parquet('{_quoted(state.raw / REGISTRY)}') "
            "where status = $loaded and load_id in (select unnest($ids)) order by load_seq",
            {"loaded": LOADED, "ids": list(changed)},
        ).fetchall()
    return [DamagedLoad(load_id, file, sha256, changed[load_id]) for load_id, file, sha256 in rows]


def _forget(state: StateFolder, load_ids: list[str]) -> None:
    """List the loads as rejected: ingestion reads such a file again, in its old place of the order."""
    registry = state.raw / REGISTRY
    draft = registry.with_suffix(".draft")
    with duckdb.connect() as database:
        database.execute(f"create table known as from read_parquet('{_quoted(registry)}')")
        database.execute(
            "update known set status = $rejected where load_id in (select unnest($ids)) and status = $loaded",
            {"rejected": REJECTED, "loaded": LOADED, "ids": load_ids},
        )
        database.execute(f"copy (from known order by load_seq, file) to '{_quoted(draft)}' (format parquet)")
    draft.replace(registry)
    sealed = _read_seal(state)
    kept = {name: sha256 for name, sha256 in sealed.items() if load_of(Path(name)) not in load_ids}
    write_atomically(_seal_file(state), json.dumps(kept, indent=0, sort_keys=True))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
