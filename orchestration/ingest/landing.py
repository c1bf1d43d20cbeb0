"""What lies in the landing folder, and safe byte streams of it.

Nothing is ever extracted under a name that an archive gives; links, pipes and devices are not opened; every
expansion is bounded.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from orchestration.errors import ConfigurationError

FORMATS = {
    "csv": "csv",
    "tsv": "tsv",
    "txt": "csv",
    "xlsx": "xlsx",
    "parquet": "parquet",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
}

MAX_EXPANSION_RATIO = 250
"""Exports compress 5 to 60 times; deflate's limit, which bombs use, is above 1,000."""

MIN_EXPANSION_BYTES = 64 * 1024 * 1024
MAX_ARCHIVE_MEMBERS = 1_000
BLOCK_BYTES = 1024 * 1024

MANIFEST_SUFFIX = ".manifest.json"


class UnreadableFile(Exception):
    """A file that cannot be read as a whole; the text says why, ready for a rejection."""


@dataclass(frozen=True)
class LandedFile:
    """One export: a file of the landing folder, or one member of a zip in it.

    `name` is the path under the landing folder (`a.zip/inner.csv` for a member). `refusal` says why a
    file that is there is not read at all.
    """

    name: str
    path: Path
    file_format: str
    compression: str
    byte_count: int
    member: str | None = None
    refusal: str | None = None

    @property
    def match_names(self) -> tuple[str, ...]:
        """Names that a profile's glob may mean: paths and bare names, with and without `.gz` and `.zip`."""
        archive = self.name if self.member is None else self.name[: -len(self.member) - 1]
        names = [self.name, archive, PurePosixPath(archive).name, PurePosixPath(self.name).name]
        plain = [re.sub(r"\.(gz|zip)$", "", name, flags=re.IGNORECASE) for name in names]
        return tuple(dict.fromkeys([*names, *plain]))

    def sha256(self) -> str:
        """SHA-256 of the file's bytes; of a zip member: of the archive's bytes and the member's name.

        Raises UnreadableFile when the file changes while it is read.
        """
        before = self.path.stat()
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        after = self.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise UnreadableFile("the file changed while it was read; it may still be on its way in")
        if self.member is None:
            return digest.hexdigest()
        return hashlib.sha256(f"{digest.hexdigest()}/{self.member}".encode()).hexdigest()

    def chunks(self, size: int) -> Iterator[bytes]:
        """The decompressed bytes in buffers of about `size`; raises UnreadableFile on damage or a bomb."""
        try:
            with self._open() as stream:
                limit = max(MIN_EXPANSION_BYTES, self._packed_bytes() * MAX_EXPANSION_RATIO)
                total = 0
                while chunk := stream.read(size):
                    total += len(chunk)
                    if self.compression and total > limit:
                        raise UnreadableFile(
                            f"it expands to more than {MAX_EXPANSION_RATIO} times its size, "
                            "as no export does: taken for a decompression bomb"
                        )
                    yield chunk
        except EOFError as error:
            raise UnreadableFile("the archive is cut off") from error
        except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableFile(f"the archive is damaged ({error})") from error
        except (RuntimeError, NotImplementedError) as error:
            raise UnreadableFile(f"the archive cannot be opened ({error})") from error

    def head(self, size: int) -> bytes:
        """The first decompressed bytes, fewer when the file is shorter."""
        taken = io.BytesIO()
        for chunk in self.chunks(min(size, BLOCK_BYTES)):
            taken.write(chunk)
            if taken.tell() >= size:
                break
        return taken.getvalue()[:size]

    def copy_to(self, target: Path) -> None:
        """Write the decompressed bytes to `target`, for formats that need a file to seek in."""
        with target.open("xb") as out:
            for chunk in self.chunks(BLOCK_BYTES):
                out.write(chunk)

    def _packed_bytes(self) -> int:
        if self.member is None:
            return self.byte_count
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self._stored_member(archive)).compress_size

    def _open(self) -> IO[bytes]:
        if self.compression == "gz":
            return cast(IO[bytes], gzip.open(self.path, "rb"))
        if self.member is not None:
            archive = zipfile.ZipFile(self.path)
            return archive.open(self._stored_member(archive))
        return self.path.open("rb")

    def _stored_member(self, archive: zipfile.ZipFile) -> str:
        for info in archive.infolist():
            if _member_name(info) == self.member:
                return info.filename
        raise UnreadableFile("the archive changed while it was read")


def list_landing(landing: Path) -> tuple[LandedFile, ...]:
    """Every export under the landing folder, ordered by name. Hidden files and office locks are left alone.

    Raises ConfigurationError when the folder is missing or empty.
    """
    if not landing.is_dir():
        raise ConfigurationError(
            path=landing,
            problem="the landing folder does not exist",
            remedy="Point --landing to the folder that holds the exports",
        )
    found: list[LandedFile] = []
    for folder, folders, names in os.walk(landing):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            path = Path(folder) / name
            if path.is_symlink():
                found.append(_refused(landing, path, "it is a link, and links are not followed"))
        for name in sorted(names):
            if not name.startswith((".", "~$")) and not name.endswith(MANIFEST_SUFFIX):
                found.extend(_examined(landing, Path(folder) / name))
    if not found:
        raise ConfigurationError(
            path=landing,
            problem="the landing folder is empty",
            remedy="Put exports there as <source>/<table>*.csv, or give a --profile that matches their names",
        )
    return tuple(sorted(found, key=lambda file: file.name))


def _examined(landing: Path, path: Path) -> Iterator[LandedFile]:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        yield _refused(landing, path, "it is a link, and links are not followed")
    elif not stat.S_ISREG(status.st_mode):
        yield _refused(landing, path, "it is a pipe, socket or device, not a file")
    elif path.suffix.lower() == ".zip":
        yield from _members(landing, path, status.st_size)
    else:
        name = path.relative_to(landing).as_posix()
        compression = "gz" if path.suffix.lower() == ".gz" else ""
        yield LandedFile(name, path, _format_of(name), compression, status.st_size)


def _members(landing: Path, path: Path, size: int) -> Iterator[LandedFile]:
    archive_name = path.relative_to(landing).as_posix()

    def refused(reason: str, member: str | None = None) -> LandedFile:
        name = archive_name if member is None else f"{archive_name}/{member}"
        return LandedFile(name, path, _format_of(name), "zip", size, member, reason)

    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield refused(f"the archive is damaged or cut off ({error})")
        return
    if len(infos) > MAX_ARCHIVE_MEMBERS:
        yield refused(f"the archive has {len(infos)} members, more than {MAX_ARCHIVE_MEMBERS}")
        return
    seen: set[str] = set()
    for info in infos:
        member = _member_name(info)
        file_format = _format_of(member)
        if _is_unsafe(member):
            yield refused(f"the archive holds a member with an unsafe path ({member[:80]!r})")
        elif member in seen:
            yield refused("the archive holds this name twice", member)
        elif PurePosixPath(member).suffix.lower() in (".zip", ".gz", ".7z", ".rar"):
            yield refused("an archive inside an archive is not opened; unpack it first", member)
        elif file_format and not member.startswith("__MACOSX/"):
            name = f"{archive_name}/{member}"
            yield LandedFile(name, path, file_format, "zip", size, member)
        seen.add(member)


def _member_name(info: zipfile.ZipInfo) -> str:
    """The member's name; Chinese Windows writes it in GBK without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _is_unsafe(member: str) -> bool:
    parts = re.split(r"[\\/]", member)
    return member.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in member


def _refused(landing: Path, path: Path, reason: str) -> LandedFile:
    name = path.relative_to(landing).as_posix()
    return LandedFile(name, path, _format_of(name), "", 0, None, reason)


def _format_of(name: str) -> str:
    """The format that a name's ending says, '' when it says none."""
    plain = re.sub(r"\.(gz|zip)$", "", name, flags=re.IGNORECASE)
    return FORMATS.get(PurePosixPath(plain).suffix.lower().lstrip("."), "")
