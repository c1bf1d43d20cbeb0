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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, cast

from orchestration.errors import ConfigurationError
from orchestration.hashing import file_hash

FORMATS = {name: name for name in ("csv", "tsv", "xlsx", "xls", "parquet", "jsonl")} | {
    "txt": "csv",
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
    """One export: a file of the landing folder, one member of a zip in it, or one sheet of either.

    `name` is the path under the landing folder (`a.zip/inner.csv` for a member, which the archive itself
    calls `stored`; `book.xlsx/Jan` for a sheet, whose name has no slash). `refusal` says why a file that is
    there is not read at all.
    """

    name: str
    path: Path
    file_format: str
    compression: str
    byte_count: int
    member: str | None = None
    refusal: str | None = None
    stored: str = ""
    sheet: str | None = None

    @property
    def match_names(self) -> tuple[str, ...]:
        """Names that a profile's glob may mean: paths and bare names, with and without `.gz` and `.zip`."""
        archive = self.name if self.member is None else self.name[: -len(self.member) - 1]
        names = [self.name, archive, PurePosixPath(archive).name, PurePosixPath(self.name).name]
        return tuple(dict.fromkeys([*names, *map(_unpacked, names)]))

    def sha256(self) -> str:
        """SHA-256 of the file's bytes; of a zip member or a sheet: of that and its name.

        Raises UnreadableFile when the file changes while it is read.
        """
        before = self.path.stat()
        found = file_hash(self.path)
        after = self.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise UnreadableFile("the file changed while it was read; it may still be on its way in")
        for part in (self.member, self.sheet):
            if part is not None:
                found = hashlib.sha256(f"{found}/{part}".encode()).hexdigest()
        return found

    def of_sheet(self, sheet: str) -> LandedFile:
        """One sheet of the workbook as an export of its own."""
        return replace(self, name=f"{self.name}/{sheet}", sheet=sheet)

    def chunks(self, size: int) -> Iterator[bytes]:
        """The decompressed bytes in buffers of about `size`; raises UnreadableFile on damage or a bomb."""
        try:
            stream, packed = self._open()
            with stream:
                limit = max(MIN_EXPANSION_BYTES, packed * MAX_EXPANSION_RATIO)
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
        except KeyError as error:
            raise UnreadableFile("the archive changed while it was read") from error

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

    def _open(self) -> tuple[IO[bytes], int]:
        """The decompressed bytes, and how many they are as they are stored."""
        if self.member is not None:
            archive = zipfile.ZipFile(self.path)
            return archive.open(self.stored), archive.getinfo(self.stored).compress_size
        if self.compression == "gz":
            return cast(IO[bytes], gzip.open(self.path, "rb")), self.byte_count
        return self.path.open("rb"), self.byte_count


def landed_as(files: Mapping[str, LandedFile], name: str) -> LandedFile | None:
    """The export that a load calls `name`, among those of the landing folder: a file or a sheet of one."""
    book, _, sheet = name.rpartition("/")
    return files.get(name) or (files[book].of_sheet(sheet) if book in files else None)


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
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        files = [name for name in sorted(names) if not name.startswith((".", "~$"))]
        for name in [*links, *files]:
            if not name.endswith(MANIFEST_SUFFIX):
                found.extend(_examined(landing, Path(folder) / name))
    if not found:
        raise ConfigurationError(
            path=landing,
            problem="the landing folder is empty",
            remedy="Put exports there as <source>/<table>*.csv, or give a --profile that matches their names",
        )
    return tuple(sorted(found, key=lambda file: file.name))


def _examined(landing: Path, path: Path) -> Iterator[LandedFile]:
    name = path.relative_to(landing).as_posix()
    status = path.lstat()
    file = LandedFile(name, path, _format_of(name), "", 0)
    if stat.S_ISLNK(status.st_mode):
        yield replace(file, refusal="it is a link, and links are not followed")
    elif not stat.S_ISREG(status.st_mode):
        yield replace(file, refusal="it is a pipe, socket or device, not a file")
    elif path.suffix.lower() == ".zip":
        yield from _members(replace(file, compression="zip", byte_count=status.st_size))
    else:
        compression = "gz" if path.suffix.lower() == ".gz" else ""
        yield replace(file, compression=compression, byte_count=status.st_size)


def _members(archive: LandedFile) -> Iterator[LandedFile]:
    try:
        with zipfile.ZipFile(archive.path) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield replace(archive, refusal=f"the archive is damaged or cut off ({error})")
        return
    if len(infos) > MAX_ARCHIVE_MEMBERS:
        too_many = f"the archive has {len(infos)} members, more than {MAX_ARCHIVE_MEMBERS}"
        yield replace(archive, refusal=too_many)
        return
    seen: set[str] = set()
    for info in infos:
        member = _member_name(info)
        name = f"{archive.name}/{member}"
        file = replace(archive, name=name, file_format=_format_of(name), member=member, stored=info.filename)
        if _is_unsafe(member):
            unsafe = f"the archive holds a member with an unsafe path ({member[:80]!r})"
            yield replace(archive, refusal=unsafe)
        elif member in seen:
            yield replace(file, refusal="the archive holds this name twice")
        elif PurePosixPath(member).suffix.lower() in (".zip", ".gz", ".7z", ".rar"):
            yield replace(file, refusal="an archive inside an archive is not opened; unpack it first")
        elif file.file_format and not _is_left_alone(member):
            yield file
        else:
            continue
        seen.add(member)
    if not seen:
        yield replace(archive, refusal=f"the archive holds no export ({', '.join(FORMATS)})")


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


def _is_left_alone(member: str) -> bool:
    """Whether a member is a hidden file, an office lock or what a Mac keeps beside a file."""
    return member.startswith("__MACOSX/") or PurePosixPath(member).name.startswith((".", "~$"))


def _unpacked(name: str) -> str:
    return re.sub(r"\.(gz|zip)$", "", name, flags=re.IGNORECASE)


def _format_of(name: str) -> str:
    """The format that a name's ending says, '' when it says none."""
    return FORMATS.get(PurePosixPath(_unpacked(name)).suffix.lower().lstrip("."), "")
