"""docs/tutorial.md: its commands run as they are printed, and print what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from orchestration.settings import PROJECT_ROOT, child_environment

BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)
ANYTHING = "…"


def steps(text: str) -> list[tuple[str, list[str]]]:
    """Each block of commands with the lines that are shown of what it prints."""
    found: list[tuple[str, list[str]]] = []
    for kind, body in BLOCK.findall(text):
        if kind == "sh":
            found.append((body, []))
        else:
            found[-1][1].extend(line for line in body.splitlines() if line.strip())
    return found


def missing(shown: list[str], printed: str) -> list[str]:
    """Lines that are shown and not printed, in that order."""
    lines, found = iter(printed.splitlines()), []
    for one in shown:
        pattern = re.compile(".*".join(map(re.escape, one.strip().split(ANYTHING))))
        if not any(pattern.fullmatch(line.strip()) for line in lines):
            found.append(one)
            lines = iter(printed.splitlines())
    return found


def test_the_tutorial_runs_as_it_is_printed(tmp_path: Path) -> None:
    text = (PROJECT_ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    blocks = steps(text)
    assert [bool(shown) for _, shown in blocks] == [False, False, True, True, True, True, True, True]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "meritline").write_text(f'#!/bin/sh\nexec {sys.executable} -m orchestration "$@"\n')
    (programs / "meritline").chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    environment = child_environment(
        {"PYTHONPATH": str(PROJECT_ROOT), "PYTHONUTF8": "1", "MERITLINE_STATE": "", "COLUMNS": "120"}
    )
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    for commands, shown in blocks:
        done = subprocess.run(
            ["sh", "-eu", "-c", commands],
            cwd=work,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        assert missing(shown, done.stdout) == [], done.stdout
        assert "not checked" not in done.stdout, "verify looks at everything, also without a single ruling"


def test_a_line_that_is_not_printed_is_found() -> None:
    printed = "one 1\ntwo 2\nthree 3\n"
    assert missing(["one …", "three 3"], printed) == []
    assert missing(["two 2", "one 1"], printed) == ["one 1"]
    assert missing(["two 3"], printed) == ["two 3"]
