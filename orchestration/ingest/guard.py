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
from orchestration.ingest.database import literal, rows
from orchestration.ingest.landing import LandedFile, UnreadableFile, landed_as, list_landing
from orchestration.ingest.report import LOADED, REJECTED
from orchestration.ingest.store import REGISTRY, SCHEMA_FILE, load_of
from orchestration.state.folder import OWNER_FILE, StateFolder, write_atomically

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
        if not _is_there(landed_as(landed, load.file), load.sha256):
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
    _forget(state, sealed, [load.load_id for load in damaged])
    again = [f"{load.part} was damaged or gone: {load.file} is read again" for load in damaged]
    return [*notes, *again]


def seal_raw(state: StateFolder) -> None:
    """Keep the hashes of parts that have none yet, and a copy of the list of loads."""
    known = _read_seal(state)
    hashes: dict[str, str] = {}
    for path in state.raw.glob("*/*/*.parquet"):
        part = path.relative_to(state.raw)
        if path.name != SCHEMA_FILE and not any(map(part.is_relative_to, (*OF_THE_NIGHT, SETTLED))):
            hashes[part.as_posix()] = known.get(part.as_posix()) or file_hash(path)
    hashes[REGISTRY.as_posix()] = file_hash(state.raw / REGISTRY)
    _copied(state.raw / REGISTRY, _registry_copy(state))
    _write_seal(state, hashes)


def _write_seal(state: StateFolder, hashes: Mapping[str, str]) -> None:
    write_atomically(state.raw / "_parts.json", json.dumps(hashes, indent=0, sort_keys=True))


def _read_seal(state: StateFolder) -> Mapping[str, str]:
    try:
        found = json.loads((state.raw / "_parts.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _registry_copy(state: StateFolder) -> Path:
    return state.raw / "_load_file.parquet"


def _copied(source: Path, target: Path) -> None:
    draft = target.with_suffix(".draft")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, draft)
    draft.chmod(OWNER_FILE)
    draft.replace(target)


def _is_there(file: LandedFile | None, sha256: str) -> bool:
    try:
        return file is not None and not file.refusal and file.sha256() == sha256
    except (UnreadableFile, OSError):
        return False


def _restore_registry(state: StateFolder, sealed: Mapping[str, str]) -> list[str]:
    """A list of loads that reads is the sealed one or a newer one; one that does not is put back."""
    registry, copy = state.raw / REGISTRY, _registry_copy(state)
    try:
        rows(f"FROM read_parquet({literal(registry)})")
        return []
    except duckdb.Error as error:
        if not copy.exists() or file_hash(copy) != sealed.get(REGISTRY.as_posix()):
            raise MeritlineError(
                path=registry,
                problem="the list of loads is damaged",
                remedy="The last publication stays. Restore the raw folder from the backup and run again",
            ) from error
        _copied(copy, registry)
        return [f"{registry} was damaged: put back as the last night left it"]


def _damaged_loads(state: StateFolder, sealed: Mapping[str, str]) -> list[DamagedLoad]:
    changed: dict[str, Path] = {}
    for name, sha256 in sealed.items():
        path = state.raw / name
        if Path(name) != REGISTRY and (not path.is_file() or file_hash(path) != sha256):
            changed.setdefault(load_of(path), path)
    if not changed:
        return []
    found = rows(
        f"SELECT load_id, file, sha256 FROM read_parquet({literal(state.raw / REGISTRY)}) "
        "WHERE status = $1 AND load_id IN (SELECT unnest($2)) ORDER BY load_seq",
        LOADED,
        list(changed),
    )
    return [DamagedLoad(load_id, file, sha256, changed[load_id]) for load_id, file, sha256 in found]


def _forget(state: StateFolder, sealed: Mapping[str, str], load_ids: list[str]) -> None:
    """List the loads as rejected: ingestion reads such a file again, in its old place of the order."""
    registry = state.raw / REGISTRY
    draft = registry.with_suffix(".draft")
    rows(
        "COPY (SELECT * REPLACE (CASE WHEN status = $1 AND load_id IN (SELECT unnest($2)) THEN $3 "
        f"ELSE status END AS status) FROM read_parquet({literal(registry)}) ORDER BY load_seq, file) "
        f"TO {literal(draft)} (FORMAT parquet)",
        LOADED,
        load_ids,
        REJECTED,
    )
    draft.replace(registry)
    _write_seal(state, {name: sha for name, sha in sealed.items() if load_of(Path(name)) not in load_ids})
