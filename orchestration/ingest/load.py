"""A load: one export read by one profile entry, and what makes it the same load another night."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from orchestration.ingest.checks.manifest import Manifest
from orchestration.ingest.lookup import LookupFiles
from orchestration.ingest.profile import Entry


@dataclass(frozen=True)
class Load:
    """A file to be read by an entry: its identity, its place in the order of loads, what it promises, what
    files the entry looks up columns in; `refusal` says why it cannot.
    """

    load_id: str
    load_seq: int
    sha256: str
    entry: Entry
    manifest: Manifest | None = None
    lookup: LookupFiles | None = None
    refusal: str = ""

    @property
    def table_name(self) -> str:
        """`source.table`."""
        return self.entry.table.full_name


def load_identity(sha256: str, entry: Entry, looked_up: str = "") -> str:
    """The id of a load: the same content read the same way into the same table is the same load. `looked_up`
    says what content the entry looks up.
    """
    said = f"{sha256} {entry.table.full_name} {entry.fingerprint} {looked_up}".rstrip()
    return hashlib.sha256(said.encode()).hexdigest()[:32]
