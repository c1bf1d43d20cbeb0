"""Manifests: what an export says about itself, checked against what arrived.

`tickets.csv.manifest.json` beside `tickets.csv` may give `rows`, `sha256` and `totals`, sums of contract
columns: `{"rows": 1200, "sha256": "…", "totals": {"amount": "98431.50"}}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestration.ingest.landing import MANIFEST_SUFFIX, LandedFile, UnreadableFile

MAX_MANIFEST_BYTES = 1024 * 1024


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("is not a number") from error


class Manifest(BaseModel):
    """An export's own figures; what is not given is not checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: int | None = Field(default=None, ge=0)
    sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{64}$")
    totals: dict[str, Annotated[Decimal, BeforeValidator(_decimal)]] = {}

    def check_content(self, sha256: str) -> None:
        """Raises UnreadableFile when the file's bytes are not those that the export was made with."""
        if self.sha256 is not None and self.sha256.lower() != sha256:
            raise UnreadableFile(
                "its SHA-256 is not the one of its manifest: the copy is damaged or not complete"
            )

    def broken_by(self, row_count: int, totals: Mapping[str, Decimal]) -> str:
        """Why rows or control totals are not those that were promised; '' where they are."""
        if self.rows is not None and self.rows != row_count:
            return f"its manifest promises {self.rows} rows, the file has {row_count}"
        for name, promised in self.totals.items():
            if name in totals and totals[name] != promised:
                return f"its manifest promises {promised} as the total of {name}, the file has {totals[name]}"
        return ""


def manifest_of(file: LandedFile) -> Manifest | None:
    """The manifest beside a file, if there is one; UnreadableFile when it makes no sense."""
    path = Path(f"{file.path}{MANIFEST_SUFFIX}")
    if file.member is not None or path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise UnreadableFile("its manifest is larger than a manifest can be")
    try:
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal))
    except (ValueError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise UnreadableFile(f"its manifest {path.name} cannot be read ({first})") from error
