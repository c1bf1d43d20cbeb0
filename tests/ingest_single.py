"""One file at a time through the real loader, without a whole run: for tests with very many small files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingest import LoadFigures, load_contract
from orchestration.ingest.landing import list_landing
from orchestration.ingest.load import Load
from orchestration.ingest.loader import Loader
from orchestration.ingest.profile import Entry, FileEntry
from orchestration.ingest.store import RawStore, Staging
from tests.ingest_support import CONTRACT_DIR

CONTRACT = load_contract(CONTRACT_DIR)


def entry_for(table: str, columns: dict[str, Any], **options: Any) -> Entry:
    """A profile entry made in code, as its YAML would read."""
    spec = FileEntry.model_validate({"match": "*", "table": table, "columns": columns, **options})
    return Entry("test", 1, spec, CONTRACT.table(table), "Asia/Shanghai")


@dataclass(frozen=True)
class Outcome:
    """What became of a file: figures, accepted rows and rejected rows, both as dictionaries in row order."""

    figures: LoadFigures
    rows: list[dict[str, Any]]
    rejected: list[dict[str, Any]]


class SingleFileLoader:
    """Loads files one by one and forgets them again."""

    def __init__(self, loader: Loader, staging: Staging, folder: Path) -> None:
        self._loader = loader
        self._staging = staging
        self._folder = folder
        self._reading = duckdb.connect(config={"threads": 1})
        self._seq = 0

    def load(self, name: str, content: bytes, entry: Entry) -> Outcome:
        """Load `content` as a file of that name."""
        path = self._folder / name
        path.write_bytes(content)
        try:
            (file,) = list_landing(self._folder)
            self._seq += 1
            load_id = f"{self._seq:032x}"
            (figures,) = self._loader.load(file, [Load(load_id, self._seq, "0" * 64, entry)])
            rows = [row for path in self._staging.parts(entry.table) for row in self._read(path)]
            rejects = self._staging.rejects(load_id)
            rejected = self._read(rejects) if rejects.exists() else []
            self._staging.discard(entry.table, load_id)
            return Outcome(figures, sorted(rows, key=lambda row: row["_row_number"]), rejected)
        finally:
            path.unlink()

    def _read(self, path: Path) -> list[dict[str, Any]]:
        found = self._reading.execute(f"FROM read_parquet('{path}')")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@contextmanager
def single_file_loader(folder: Path) -> Iterator[SingleFileLoader]:
    """A loader with a landing folder and a state of its own under `folder`."""
    landing = folder / "landing"
    landing.mkdir(parents=True)
    with (
        RawStore(folder / "state", CONTRACT).staging() as staging,
        Loader(staging, b"k" * 32, workers=1) as loader,
    ):
        yield SingleFileLoader(loader, staging, landing)
