"""SHA-256 of files and of sets of files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

SOURCE_SUFFIXES = frozenset({".py", ".sql", ".yml", ".yaml", ".html", ".css", ".js"})
SEAL = "seal"
GENERATED_FOLDERS = frozenset({"__pycache__", "target", "logs", "dbt_packages"})


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class FileHashes:
    """SHA-256 of files, each taken once: a file with several names (hard links) is read once, and one that
    has been seen is not read again while its size and time of change stay.

    For one task, such as a publication; between two tasks files are looked at afresh.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, int], str] = {}

    def of(self, path: Path) -> str:
        """SHA-256 of the file's bytes, hexadecimal."""
        info = path.stat()
        key = (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)
        if key not in self._known:
            self._known[key] = file_hash(path)
        return self._known[key]

    def below(self, folder: Path) -> dict[str, str]:
        """SHA-256 of every file below `folder` by its path in it, in the order of paths."""
        return {
            path.relative_to(folder).as_posix(): self.of(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def listing_hash(hashes: Mapping[str, str]) -> str:
    """SHA-256 over lines `<hash>  <name>`, sorted by name: the hash of a set of files, whatever its order."""
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


def sealed(record: Mapping[str, Any]) -> str:
    """A record as JSON text, ending in the SHA-256 of the text without it (`seal`)."""
    return _as_text({**record, SEAL: hashlib.sha256(_as_text(record).encode()).hexdigest()})


def is_sealed(text: str) -> bool:
    """Whether a text is what `sealed` wrote. Raises ValueError for what is no JSON object."""
    record = json.loads(text)
    if not isinstance(record, dict):
        raise ValueError("is no object")
    return text == sealed({name: value for name, value in record.items() if name != SEAL})


def _as_text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1)


def tree_hash(paths: Iterable[Path]) -> str:
    """Hash of a set of files by their path below their common folder."""
    files = list(paths)
    base = Path(os.path.commonpath([path.parent for path in files])) if files else Path()
    return listing_hash({path.relative_to(base).as_posix(): file_hash(path) for path in files})


def code_hash(folders: Sequence[Path]) -> str:
    """Hash of the source files in `folders`: what would compute another number if it were changed."""
    base = Path(os.path.commonpath([folder.parent for folder in folders]))
    return listing_hash(
        {
            path.relative_to(base).as_posix(): file_hash(path)
            for folder in folders
            for path in _sources(folder)
        }
    )


def _sources(folder: Path) -> Iterable[Path]:
    for path in folder.rglob("*"):
        if (
            path.suffix in SOURCE_SUFFIXES
            and not GENERATED_FOLDERS.intersection(path.parts)
            and path.is_file()
        ):
            yield path
