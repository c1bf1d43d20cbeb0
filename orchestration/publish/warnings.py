"""Which warnings of a publication are new, and since when the others have stood: told by the chain alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.publish.chain import manifests_before
from orchestration.state.folder import StateFolder


@dataclass(frozen=True)
class Standing:
    """A warning, and the first of the publications in a row that had it: its run id and business date."""

    name: str
    run_id: str
    as_of: str
    is_new: bool


def standing_warnings(state: StateFolder, manifest: Mapping[str, Any]) -> tuple[Standing, ...]:
    """The failed warnings of a publication, in the order of its checks.

    One is new that the publication before did not have: it passed there, was not judged, or there was no such
    check. What has stood longer is dated by the first publication since which it has failed without a break;
    the first publication of all has nothing new to tell from known: all of it is new.
    """
    names = failed_warnings(manifest)
    since = dict.fromkeys(names, manifest)
    open_names = set(names)
    for before in manifests_before(state, manifest):
        open_names &= set(failed_warnings(before))
        if not open_names:
            break
        since |= dict.fromkeys(open_names, before)
    return tuple(
        Standing(name, str(since[name]["run_id"]), str(since[name]["as_of"]), since[name] is manifest)
        for name in names
    )


def failed_warnings(manifest: Mapping[str, Any]) -> list[str]:
    """The warnings that a publication was published with, by name."""
    results: Sequence[Mapping[str, Any]] = manifest.get("checks", {}).get("results", ())
    return [
        f"{one['suite']}.{one['check_id']}"
        for one in results
        if one["severity"] == "warning" and one["is_passed"] is False
    ]


def said_of_warnings(warnings: Sequence[Standing]) -> str:
    """In words: `3 new, 2 known (oldest since 2026-08-12)`; nothing where there are none."""
    new = [one for one in warnings if one.is_new]
    known = [one for one in warnings if not one.is_new]
    parts = [f"{len(new)} new"] if new else []
    if known:
        parts.append(f"{len(known)} known (oldest since {min(one.as_of for one in known)})")
    return ", ".join(parts)
