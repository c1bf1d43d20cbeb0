"""What every fault is held to: the last publication stays whole, the next run succeeds, its result is the
same.

A `Centre` is a state folder with one publication, the exports of the night to disturb, and the content hash
that this night publishes when nobody disturbs it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.hashing import file_hash
from orchestration.publish.candidate import content_hash
from orchestration.publish.publication import Publication, current_publication
from orchestration.settings import PROJECT_ROOT, child_environment
from orchestration.state.folder import StateFolder

NIGHT_SECONDS = 1800
"""After which a night counts as hanging, on a machine that is busy with other things."""
POLL_SECONDS = 0.005
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Centre:
    """`base` holds a publication and is only read; a night over `landing` as of `as_of` publishes `expected`.

    `processor_seconds` is what such a night takes: moments are fractions of it, so that a busy machine
    kills at the same places as an idle one.
    """

    base: Path
    landing: Path
    as_of: str
    expected: str
    processor_seconds: float

    def copy(self, target: Path, *, without_raw: bool = False) -> StateFolder:
        """A copy of the base state to disturb; `without_raw` has the night take every export anew."""
        shutil.copytree(self.base, target, symlinks=True)
        if without_raw:
            shutil.rmtree(target / "raw")
        return StateFolder(target)


@dataclass(frozen=True)
class Night:
    """How a nightly process ended: exit status (negative: the signal), output, processor seconds."""

    status: int
    output: str
    processor_seconds: float


def command(state: StateFolder, centre: Centre) -> list[str]:
    """The command line of the centre's night."""
    place = ["--state", str(state.root), "--landing", str(centre.landing), "--as-of", centre.as_of]
    return [sys.executable, "-m", "orchestration", "nightly", *place]


def start(
    arguments: Sequence[str], variables: dict[str, str] | None = None, *, umask: int = -1
) -> subprocess.Popen[str]:
    """Start a process in the project; with a `umask`, unless it is that of this process."""
    environment = child_environment(variables or {})
    # Without bytecode each process would compile every library again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.Popen(
        arguments,
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=umask,
    )


def finish(process: subprocess.Popen[str]) -> Night:
    """Wait for the process."""
    before = os.times()
    output, _ = process.communicate(timeout=NIGHT_SECONDS)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Night(process.returncode, output, used)


def run_night(state: StateFolder, centre: Centre, variables: dict[str, str] | None = None) -> Night:
    """The centre's night as a process of its own."""
    return finish(start(command(state, centre), variables))


def processor_seconds(pid: int) -> float:
    """User and system seconds that a living process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICK


def kill_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """SIGKILL once the process has taken that many processor seconds; False when it ended before that."""
    while process.poll() is None:
        if processor_seconds(process.pid) >= seconds:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return process.returncode == -signal.SIGKILL
        time.sleep(POLL_SECONDS)
    process.communicate()
    return False


def require_whole(state: StateFolder) -> Publication:
    """The current publication, having read all of it: each file has its listed hash, each database its
    rows.
    """
    publication = current_publication(state)
    assert publication is not None, "there is no publication"
    folder, manifest = publication.folder, publication.manifest
    on_disk = {
        path.relative_to(folder).as_posix(): file_hash(path)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert on_disk == manifest["files"]
    assert content_hash(folder) == manifest["content_hash"]
    for audience in ("auditor", "payroll", "bi"):
        with duckdb.connect() as database:
            database.execute(f"attach '{folder / audience}.duckdb' as one (read_only)")
            tables = database.execute(
                "select schema_name || '.' || table_name from duckdb_tables() "
                "where database_name = 'one' and schema_name <> 'main'"
            ).fetchall()
            assert tables
            for (table,) in tables:
                row = database.execute(f"select count(*) from one.{table}").fetchone()
                assert row == (manifest["rows"][table],), f"{audience}: {table}"
    return publication


def require_recovery(
    state: StateFolder, centre: Centre, before: Sequence[str], *, umask: int = -1
) -> Publication:
    """Run the next night: it succeeds, publishes what an undisturbed one does, and tidies up.

    `before` are the names in the state folder before the fault: nothing else may be left lying there.
    """
    night = finish(start(command(state, centre), umask=umask))
    assert night.status == 0, night.output
    publication = require_whole(state)
    assert publication.manifest["content_hash"] == centre.expected, (
        "the result differs from an undisturbed one"
    )
    assert sorted(path.name for path in state.root.iterdir()) == sorted(before)
    assert not list(state.published.glob(".*")), "leftovers among the publications"
    return publication


def names(state: StateFolder) -> list[str]:
    """What lies in the state folder."""
    return [path.name for path in state.root.iterdir()]


def one_paragraph(output: str) -> str:
    """The last line of a failed night, which says what to do; no traceback comes with it."""
    assert "Traceback" not in output, output
    lines = [line for line in output.splitlines() if line.strip()]
    assert lines and re.search(r"\S\. \w", lines[-1]), output
    return lines[-1]


class CannotMount(Exception):
    """This user may not mount a file system."""


@contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """A disk of that size at `folder`. Raises CannotMount where this user may not mount one."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size_mib}m,mode=700", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, leave_kib: int) -> Path:
    """Fill a disk up to what is to be left; returns the file to remove again."""
    ballast = disk / "ballast"
    size = shutil.disk_usage(disk).free - leave_kib * 1024
    with ballast.open("wb") as stream:
        for _ in range(size >> 20):
            stream.write(bytes(1 << 20))
        stream.write(bytes(size & ((1 << 20) - 1)))
    return ballast


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that nobody can write to: by its mode, or for root, whom modes do not stop, by its mount."""
    if os.geteuid() != 0:
        mode = folder.stat().st_mode
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(mode)
        return
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotMount(" ".join(arguments)) from error
