"""The chain of publications, walked by its manifests from the newest back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.state.folder import StateFolder

MANIFEST = "manifest.json"


def manifests_before(state: StateFolder, manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The manifests that one follows, the nearest first, as far as they read."""
    seen: set[str] = set()
    while previous := manifest.get("previous"):
        run_id = str(previous["run_id"])
        found = _read(state, run_id)
        if found is None or run_id in seen:
            return
        seen.add(run_id)
        manifest = found
        yield manifest


def newest_manifests(state: StateFolder) -> Iterator[Mapping[str, Any]]:
    """The newest manifest that lies among the publications, also one that `current` does not point at yet,
    and those that it follows.
    """
    for folder in sorted(state.published.glob("[0-9]*-*"), reverse=True):
        newest = _read(state, folder.name)
        if newest is not None:
            yield newest
            yield from manifests_before(state, newest)
            return


def _read(state: StateFolder, run_id: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads((state.published / run_id / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
