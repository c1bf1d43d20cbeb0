"""The publications of a state folder, as an auditor finds them on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.state.folder import (
    AUDITOR,
    EARLIER_AUDITOR,
    StateFolder,
    auditor_name,
    lost_current,
    publication_folders,
)

MANIFEST = "manifest.json"
CURRENT = "current"


def current_folder(state: StateFolder) -> Path:
    """Folder of the newest publication. Raises ConfigurationError before the first one, and where `current`
    no longer leads to it.
    """
    lost = lost_current(state)
    if lost is not None:
        raise ConfigurationError(path=state.current, problem=lost[0], remedy=lost[1])
    if not state.current.exists():
        raise ConfigurationError(
            path=state.published,
            problem="nothing has been published here",
            remedy="Name the state folder with --state, or run meritline nightly first",
        )
    return state.current.resolve()


def publication_folder(state: StateFolder, run_id: str) -> Path:
    """Folder of a publication or preview (`current`: the newest publication).

    Raises ConfigurationError with near names.
    """
    if run_id == CURRENT:
        return current_folder(state)
    folders = {folder.name: folder for folder in (*preview_folders(state), *publication_folders(state))}
    names = list(folders)
    if run_id not in folders:
        near = get_close_matches(run_id, names, n=5, cutoff=0.3) or names[-5:]
        raise ConfigurationError(
            path=state.published,
            problem=f"there is no publication {run_id!r}",
            remedy=f"There are: {', '.join(near) or 'none yet'}",
        )
    return folders[run_id]


def other_release(folder: Path) -> str:
    """What to do where a publication lacks what this release asks of it."""
    if auditor_name(folder) == EARLIER_AUDITOR:
        return (
            f"{folder.name} was published by an earlier release ({EARLIER_AUDITOR}.duckdb, today "
            f"{AUDITOR}.duckdb): run meritline nightly once, or read it with that release"
        )
    return "It may come from another version: use that meritline, or run nightly again"


def preview_folders(state: StateFolder) -> list[Path]:
    """Folders of the previews that are kept, oldest first; none of them is in the chain."""
    return sorted(path for path in state.previews.glob("[0-9]*-*") if path.is_dir())


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """`manifest.json` of a publication. Raises ConfigurationError when there is none that reads."""
    path = folder / MANIFEST
    try:
        manifest: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            path=path,
            problem="is no manifest of a publication",
            remedy="Name the state folder with --state, or run meritline nightly first",
        ) from error
    return manifest
