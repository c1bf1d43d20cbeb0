"""SHA-256 of files and of sets of files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

SOURCE_SUFFIXES = frozenset({".py", ".sql", ".yml", ".yaml", ".html", ".css", ".js"})
GENERATED_FOLDERS = frozenset({"__pycache__", "target", "logs", "dbt_packages"})


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def listing_hash(hashes: Mapping[str, str]) -> str:
    """SHA-256 over lines `<hash>  <name>`, sorted by name: the hash of a set of files, whatever its order."""
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


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
