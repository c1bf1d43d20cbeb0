"""Notices of a run: which there are, what they say and what they never say, and that they arrive."""

from __future__ import annotations

import json
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import cycle
from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.errors import ConfigurationError, ExportRejected, MeritlineError, PublicationRefused
from orchestration.nightly import notices as notify
from orchestration.nightly.notices import Notice, notices_of, send
from orchestration.progress import stage
from orchestration.settings import load_settings
from orchestration.state.folder import StateFolder
from orchestration.state.record import RunRecord, read_records, recording

SECRET = "Zhang Wei earned 4321.50"


@pytest.fixture(autouse=True)
def _straight_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A web server on loopback that answers with `status`, and the bodies it was sent."""
    received: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?key=hidden", received
    finally:
        server.shutdown()
        server.server_close()


def keeping_command(target: Path) -> str:
    """A command that keeps its standard input in `target`."""
    code = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    return shlex.join([sys.executable, "-c", code, str(target)])


def failed_run(state: StateFolder, error: MeritlineError, where: str = "ingest") -> RunRecord:
    with pytest.raises(type(error)), recording(state, "nightly"), stage(where):
        raise error
    return read_records(state)[-1]


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


@pytest.mark.parametrize(
    ("error", "event", "status"),
    [
        (ExportRejected(problem=SECRET, remedy="Fix it"), "rejected", 4),
        (MeritlineError(problem=SECRET, remedy="Fix it"), "failed", 1),
    ],
)
def test_a_failed_run_is_told_without_a_word_of_its_error(
    state: StateFolder, error: MeritlineError, event: str, status: int
) -> None:
    [notice] = notices_of(state, failed_run(state, error), [])
    assert (notice.event, notice.stage, notice.exit_status, notice.run) == (event, "ingest", status, 1)
    assert not any(word in json.dumps(asdict(notice)) for word in (*SECRET.split(), "Fix it"))


def test_a_published_run_that_readers_did_not_get_is_told(state: StateFolder) -> None:
    """The record of a night says published before what follows on it can fail."""
    with recording(state, "nightly") as recorder:
        recorder.finish("published")
        with suppress(MeritlineError), stage("postgres"):
            raise MeritlineError(problem=SECRET, remedy="Fix it")
    [notice] = notices_of(state, recorder.record, [])
    assert (notice.event, notice.stage) == ("not_loaded", "postgres")
    assert not any(word in json.dumps(asdict(notice)) for word in (*SECRET.split(), "Fix it"))


def test_a_published_run_tells_of_late_exports_only(state: StateFolder) -> None:
    published = RunRecord(number=3, command="nightly", started_at="", outcome="published")
    assert notices_of(state, published, []) == []
    [notice] = notices_of(state, published, ["no export Calls*.csv for 2026-10-30"])
    assert notice.event == "late_exports"
    assert notice.late == ("no export Calls*.csv for 2026-10-30",)


def test_command_and_webhook_get_the_same_notice(tmp_path: Path) -> None:
    notice = Notice(event="failed", text="t", state="/s", run=7, stage="build", exit_status=1)
    with webhook() as (address, received):
        settings = load_settings(
            {
                "MERITLINE_NOTIFY_COMMAND": keeping_command(tmp_path / "kept.json"),
                "MERITLINE_NOTIFY_WEBHOOK": address,
            }
        )
        assert send(notice, settings) == []
    expected = json.loads(json.dumps(asdict(notice)))
    assert received == [expected]
    assert json.loads((tmp_path / "kept.json").read_bytes()) == expected


def test_targets_that_do_not_take_it_are_reported_without_their_address() -> None:
    notice = Notice(event="failed", text="t", state="/s")
    with webhook(status=500) as (address, _):
        refused = send(notice, load_settings({"MERITLINE_NOTIFY_WEBHOOK": address}))
    away = send(notice, load_settings({"MERITLINE_NOTIFY_WEBHOOK": address}))
    command = send(notice, load_settings({"MERITLINE_NOTIFY_COMMAND": "/nowhere/at-all"}))
    ended = send(
        notice, load_settings({"MERITLINE_NOTIFY_COMMAND": f"{sys.executable} -c 'raise SystemExit(9)'"})
    )
    assert refused == ["the webhook did not take the notification (status 500)"]
    assert away == ["the webhook did not take the notification (URLError)"]
    assert command == ["the notification command did not run (FileNotFoundError)"]
    assert ended == ["the notification command ended with status 9"]


@contextmanager
def answering(reply: bytes, and_then: bytes = b"") -> Iterator[str]:
    """A socket on loopback that answers anything with `reply`, and then a byte at a time for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(1 << 16)
                        connection.sendall(reply)
                        for number in cycle(and_then):
                            connection.sendall(bytes([number]))
                            time.sleep(0.1)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook?key=hidden"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-nonsense\r\n", b"HTTP/1.1 abc\r\n\r\n", bytes(range(256))])
def test_a_webhook_that_answers_garbage_changes_neither_error_nor_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reply: bytes
) -> None:
    with answering(reply) as address:
        monkeypatch.setenv("MERITLINE_NOTIFY_WEBHOOK", address)
        status = run(
            ["nightly", "--state", str(tmp_path / "s"), "--landing", str(tmp_path), "--policy", "/nowhere"]
        )
    shown = capsys.readouterr()
    assert status == 2
    assert shown.err.startswith("/nowhere")
    assert "the webhook did not take the notification" in shown.out
    assert "hidden" not in shown.out + shown.err


def test_a_webhook_that_never_ends_its_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "WEBHOOK_SECONDS", 0.5)
    told = time.monotonic()
    with answering(b"HTTP/1.1 200 OK\r\n", and_then=b"X-More: 1\r\n") as address:
        settings = replace(load_settings({}), notify_webhook=address)
        problems = send(Notice(event="failed", text="t", state="/s"), settings)
    assert problems == ["the webhook did not take the notification (no answer in time)"]
    assert time.monotonic() - told < 5


@pytest.mark.parametrize("address", ["http://127.0.0.1:abc/", "http://exa mple/", "http://", "http://[/"])
def test_an_address_that_is_none_is_a_problem_of_the_notice_only(address: str) -> None:
    settings = replace(load_settings({}), notify_webhook=address)
    [problem] = send(Notice(event="failed", text="t", state="/s"), settings)
    assert problem.startswith("the webhook did not take the notification")


def test_a_notice_that_cannot_be_made_leaves_the_runs_own_outcome(state: StateFolder) -> None:
    """The result that a refusal would name is gone, and so is the candidate."""
    record = failed_run(state, PublicationRefused(problem=SECRET, remedy="Fix it"), "publish")
    assert record.outcome == "refused"
    [notice] = notices_of(state, record, [])
    assert (notice.event, notice.checks) == ("refused", ())


def test_a_night_that_cannot_begin_is_told_and_keeps_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with webhook() as (address, received):
        monkeypatch.setenv("MERITLINE_NOTIFY_WEBHOOK", address)
        status = run(
            ["nightly", "--state", str(tmp_path / "s"), "--landing", str(tmp_path), "--policy", "/nowhere"]
        )
    assert status == 2
    assert "/nowhere" in capsys.readouterr().err
    assert [(one["event"], one["exit_status"]) for one in received] == [("failed", 2)]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MERITLINE_NOTIFY_WEBHOOK", "ftp://host/token"), ("MERITLINE_NOTIFY_COMMAND", "say 'it")],
)
def test_a_wrong_target_is_named_by_its_variable(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=variable) as error:
        load_settings({variable: value})
    assert "token" not in str(error.value)
