"""What lies in the landing folder, for the sensor that waits for new files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Decision:
    """What a look at the landing folder came to: whether to start a run, why not, and what to remember."""

    is_settled: bool
    reason: str
    cursor: str


def decide(seen: str, cursor: str) -> Decision:
    """Start a run when the folder differs from what the last run took and two looks in a row agree.

    `seen` is the listing now, `cursor` what the last decision said to remember (empty at first).
    """
    taken, _, before = cursor.partition(",")
    if seen == taken:
        return Decision(False, "nothing new in the landing folder", cursor)
    if seen != before:
        return Decision(False, "the landing folder is still changing", f"{taken},{seen}")
    return Decision(True, "new files have come to rest", f"{seen},{seen}")


def listing(folder: Path) -> str:
    """A hash of names, sizes and modification times below `folder`; the same hash means nothing has
    changed.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and not path.is_symlink():
            info = path.stat()
            digest.update(f"{path.relative_to(folder)}|{info.st_size}|{info.st_mtime_ns}\n".encode())
    return digest.hexdigest()
