"""Tell the operator of a night that failed, was refused, found exports late, has new warnings or is
published and not loaded where its readers are: by a command, a webhook, or both.

A notice names runs, stages, checks and profiles. It never quotes an error or a row: those may hold a value
of a person, and a notice leaves the machine.
"""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from orchestration.errors import MeritlineError, PublicationRefused
from orchestration.gate.result import read_result
from orchestration.publish.candidate import read_candidate
from orchestration.publish.publication import current_publication
from orchestration.publish.warnings import Standing, said_of_warnings, standing_warnings
from orchestration.settings import Settings, child_environment
from orchestration.state.folder import StateFolder
from orchestration.state.record import PUBLISHED, RunRecord

COMMAND_SECONDS, WEBHOOK_SECONDS = 30, 10
Event = Literal["failed", "refused", "rejected", "late_exports", "warnings", "not_loaded"]


@dataclass(frozen=True)
class Notice:
    """What is told. `run` is the number of the run in its state folder, 0 when it failed before it had one;
    `stage` the one it failed in; `checks` the critical expectations that refused it, or the warnings that are
    new; `late` what is late.
    """

    event: Event
    text: str
    state: str
    run: int = 0
    stage: str | None = None
    exit_status: int | None = None
    started_at: str | None = None
    checks: Sequence[str] = ()
    late: Sequence[str] = ()


def notices_of(state: StateFolder, record: RunRecord, late: Sequence[str]) -> list[Notice]:
    """What a finished run gives to tell: nothing when it published, no export is late and no warning new."""
    found = []
    if record.outcome in ("failed", "refused", "rejected"):
        stage = next((one.name for one in reversed(record.stages) if not one.is_done), None)
        where = "" if stage is None else f" in {stage}"
        checks = _failed_checks(state) if (record.outcome, stage) == ("refused", "publish") else ()
        reasons = f": {', '.join(checks)}" if checks else ""
        found.append(
            Notice(
                event=record.outcome,  # type: ignore[arg-type]
                text=f"meritline run {record.number:06d} {record.outcome}{where}{reasons}. "
                "The last publication stays; meritline status says more.",
                state=str(state.root),
                run=record.number,
                stage=stage,
                exit_status=record.exit_status,
                started_at=record.started_at,
                checks=checks,
            )
        )
    if late:
        found.append(
            Notice(
                event="late_exports",
                text=f"meritline run {record.number:06d}: {len(late)} export(s) late: {'; '.join(late)}.",
                state=str(state.root),
                run=record.number,
                started_at=record.started_at,
                late=tuple(late),
            )
        )
    if record.outcome == PUBLISHED and record.stages and not record.stages[-1].is_done:
        stage = record.stages[-1].name
        found.append(
            Notice(
                event="not_loaded",
                text=f"meritline run {record.number:06d} published, but {stage} failed: readers there "
                "still have the publication before. meritline status says more.",
                state=str(state.root),
                run=record.number,
                stage=stage,
                exit_status=record.exit_status,
                started_at=record.started_at,
            )
        )
    warnings = _warnings(state, record) if record.outcome == PUBLISHED else ()
    new = tuple(one.name for one in warnings if one.is_new)
    if new:
        found.append(
            Notice(
                event="warnings",
                text=f"meritline run {record.number:06d} published with warnings: "
                f"{said_of_warnings(warnings)}. New: {', '.join(new)}.",
                state=str(state.root),
                run=record.number,
                started_at=record.started_at,
                checks=new,
            )
        )
    return found


def failed_before_the_run(state: StateFolder, exit_status: int) -> Notice:
    """The notice of a night that could not even begin: policy, project or state folder are unsound."""
    return Notice(
        event="failed",
        text="A meritline night could not begin. The last publication stays; meritline doctor says more.",
        state=str(state.root),
        stage="prepare",
        exit_status=exit_status,
    )


def send(notice: Notice, settings: Settings) -> list[str]:
    """Deliver to every target of the settings; returns what went wrong, without the targets' addresses.
    Whatever a target does, nothing is raised: the outcome of the night is told, not changed.

    The command gets the notice as JSON on standard input, the webhook as the body of a POST.
    """
    body = json.dumps(asdict(notice), ensure_ascii=False).encode()
    problems = []
    if settings.notify_command:
        problems += _run(settings.notify_command, body)
    if settings.notify_webhook:
        problems += _post(settings.notify_webhook, body)
    return problems


def _run(command: Sequence[str], body: bytes) -> list[str]:
    try:
        done = subprocess.run(
            command,
            input=body,
            env=child_environment({}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except Exception as error:
        return [f"the notification command did not run ({type(error).__name__})"]
    return [f"the notification command ended with status {done.returncode}"] if done.returncode else []


def _post(url: str, body: bytes) -> list[str]:
    """Post in a thread that nobody waits for longer than WEBHOOK_SECONDS: a socket's timeout starts anew with
    every byte, and a night holds the state folder until it is done.
    """
    outcome: list[list[str]] = []
    sender = threading.Thread(target=lambda: outcome.append(_posted(url, body)), daemon=True)
    sender.start()
    sender.join(WEBHOOK_SECONDS)
    return outcome[0] if outcome else ["the webhook did not take the notification (no answer in time)"]


def _posted(url: str, body: bytes) -> list[str]:
    try:
        request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=WEBHOOK_SECONDS):
            return []
    except Exception as error:
        status = getattr(error, "code", None)
        why = type(error).__name__ if status is None else f"status {status}"
        return [f"the webhook did not take the notification ({why})"]


def _warnings(state: StateFolder, record: RunRecord) -> tuple[Standing, ...]:
    try:
        publication = current_publication(state)
    except MeritlineError:
        return ()
    if publication is None or publication.run_id != record.run_id:
        return ()
    return standing_warnings(state, publication.manifest)


def _failed_checks(state: StateFolder) -> tuple[str, ...]:
    try:
        result = read_result(state, read_candidate(state).content_hash)
    except PublicationRefused:
        return ()
    return () if result is None else tuple(f"{one.suite}.{one.check_id}" for one in result.failed("critical"))
