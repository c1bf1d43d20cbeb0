"""Failed checks that a person lets pass for exactly one content: who, why, and what was seen (decision 0043).

They lie beside the result that they are about, `checks/<content hash>.accepted.json`, and go into the
manifest of the publication that they let out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.hashing import is_sealed, sealed
from orchestration.state.folder import StateFolder, write_atomically

ACCEPTED_SUFFIX = ".accepted.json"


@dataclass(frozen=True)
class Acceptance:
    """One failed check of one content, with what was seen and the bound when it was accepted, on whose word
    (`accepted_by`), why, and when (UTC, ISO 8601).
    """

    content_hash: str
    suite: str
    check_id: str
    observed: str
    bound: str
    accepted_by: str
    why: str
    accepted_at: str

    @property
    def name(self) -> str:
        """Suite and check id, as bounds and pages name it."""
        return f"{self.suite}.{self.check_id}"

    def __str__(self) -> str:
        return f"{self.name} by {self.accepted_by}: {self.why}"


def acceptance_path(state: StateFolder, content_hash: str) -> Path:
    """Where what is accepted of that content is kept."""
    return state.checks / f"{content_hash}{ACCEPTED_SUFFIX}"


def store_acceptances(state: StateFolder, content_hash: str, accepted: Sequence[Acceptance]) -> None:
    """Keep what is accepted of a content: all that ever was, in the order in which it came; the caller holds
    the state.
    """
    text = sealed({"content_hash": content_hash, "accepted": [asdict(one) for one in accepted]})
    write_atomically(acceptance_path(state, content_hash), text)


def read_acceptances(state: StateFolder, content_hash: str) -> tuple[Acceptance, ...]:
    """What was ever accepted of that content, the last word last: nothing where no record reads as it was
    written, or is of another content.
    """
    try:
        text = acceptance_path(state, content_hash).read_text(encoding="utf-8")
        if not is_sealed(text):
            return ()
        found = tuple(Acceptance(**one) for one in json.loads(text)["accepted"])
    except (OSError, ValueError, TypeError, KeyError):
        return ()
    return tuple(one for one in found if one.content_hash == content_hash)
