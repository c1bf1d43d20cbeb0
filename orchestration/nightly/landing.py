"""What lies in the landing folder, for the sensor that waits for new files."""

from __future__ import annotations

import hashlib
from pathlib import Path


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
