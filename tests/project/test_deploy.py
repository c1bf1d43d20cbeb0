"""deploy/: what it starts exists, at the hours of the settings; its container is made as a machine is."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from orchestration.cli import cli
from orchestration.cli.options import Options
from orchestration.settings import load_settings
from orchestration.settings_table import SETTINGS
from tests.project.conftest import ROOT

DEPLOY = ROOT / "deploy"
PROGRAM = "/opt/meritline/.venv/bin/meritline"
SERVICES = ["meritline.service", "meritline-ui.service"]
TIMER = re.compile(r"\*-\*-\* (\d{2}):(\d{2}):00 (\S+)")


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a systemd unit, each with its values in order."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / name).read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def cron_lines() -> list[tuple[str, str]]:
    """Hour and command of each job of the sample; `\\%` is how cron has a percent sign."""
    found = []
    for line in (DEPLOY / "crontab").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9*]", line):
            *when, command = line.split(maxsplit=5)
            found.append((" ".join(when), command.replace(r"\%", "%")))
    return found


def understood(words: list[str]) -> click.Command:
    """The command that words of our command line name, each option and argument of which it has. Raises
    click's usage errors.
    """
    name, command, rest = cli.resolve_command(click.Context(cli, obj=Options()), words)
    assert name is not None and command is not None
    command.make_context(name, rest, obj=Options())
    return command


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile, as a machine without its virtual environment runs them."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    [lines] = re.findall(rf"^{re.escape(target)}:[^\n]*\n((?:\t[^\n]*\n)+)", text, re.MULTILINE)
    return [line.strip().replace("$(BIN)/", "") for line in lines.splitlines()]


def instructions() -> list[tuple[str, str]]:
    """Instructions of the container file, in order."""
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    return [
        (word, rest)
        for word, _, rest in (line.partition(" ") for line in lines if line and not line.startswith("#"))
    ]


def test_every_sample_is_told_of_where_a_person_looks() -> None:
    said = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("operations.md", "bi.md"))
    missing = [path.name for path in DEPLOY.iterdir() if f"deploy/{path.name}" not in said]
    assert not missing


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_starts_is_a_command_with_its_options(name: str) -> None:
    [line] = unit(name)["ExecStart"]
    program, *words = shlex.split(line)
    assert program == PROGRAM
    understood(words)


def test_an_option_that_is_none_is_found() -> None:
    with pytest.raises(click.UsageError, match="No such option"):
        understood(["nightly", "--landing", "/data/landing", "--as-off", "2026-10-31"])
    with pytest.raises(click.UsageError, match="No such command"):
        understood(["nightlies"])


def test_the_environment_of_units_is_what_the_settings_read() -> None:
    for name in SERVICES:
        variables = dict(one.split("=", 1) for line in unit(name)["Environment"] for one in line.split())
        assert variables and variables.keys() <= {setting.variable for setting in SETTINGS}
        settings = load_settings(variables)
        assert settings.state == Path("/data/meritline")
        assert unit(name)["ReadWritePaths"] == [str(settings.state)], "and nothing else is written"


def test_timer_cron_and_schedule_fire_at_the_same_hour() -> None:
    settings = load_settings({})
    [when] = unit("meritline.timer")["OnCalendar"]
    found = TIMER.fullmatch(when)
    assert found is not None
    hour, minute, zone = int(found[1]), int(found[2]), found[3]
    assert f"{minute} {hour} * * *" == settings.nightly_cron
    assert zone == settings.business_timezone
    nights = [(hours, command) for hours, command in cron_lines() if "nightly" in command]
    assert [hours for hours, _ in nights] == [settings.nightly_cron]


def test_every_line_of_cron_parses_and_starts_what_there_is() -> None:
    lines = cron_lines()
    assert len(lines) == 2
    for hours, command in lines:
        assert re.fullmatch(r"(\d+|\*)( (\d+|\*)){4}", hours)
        program, *words = shlex.split(command)
        if program == PROGRAM:
            understood(words)
        else:
            script = Path(words[0])
            assert program == "sh" and (ROOT / script.relative_to("/opt/meritline")).is_file()


@pytest.mark.parametrize("name", [*SERVICES, "meritline.timer"])
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    for path in DEPLOY.glob("meritline*"):
        program = Path(sys.executable)
        text = path.read_text(encoding="utf-8").replace(PROGRAM, str(program))
        (tmp_path / path.name).write_text(text.replace("docs/operations.md", "README.md"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and str(tmp_path) not in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["backup.sh", "restore.sh"])
def test_scripts_parse_and_say_how_they_are_used(name: str) -> None:
    path = DEPLOY / name
    subprocess.run(["sh", "-n", str(path)], check=True)
    done = subprocess.run(["sh", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith(f"usage: sh deploy/{name} ")


def test_the_container_is_installed_as_a_machine_is() -> None:
    steps = [rest for word, rest in instructions() if word == "RUN" and rest.startswith("python ")]
    installed = [line for line in recipe("$(VENV)/.installed") if line.startswith("python ")]
    assert len(steps) == 4 and steps == installed


def test_the_container_names_no_registry_and_copies_what_there_is() -> None:
    found = instructions()
    assert found[0] == ("ARG", "BASE=python:3.11-slim"), (
        "a short name: whose registry it is from is the site's"
    )
    assert found[1] == ("FROM", "${BASE}")
    copied = [place for word, rest in found if word == "COPY" for place in rest.split()[:-1]]
    assert copied and all((ROOT / place).exists() for place in copied)
    packages = {"orchestration", "expectations", "dbt_project", "seeds"}
    assert packages <= set(copied)
    users = [index for index, (word, _) in enumerate(found) if word == "USER"]
    assert len(users) == 1 and found[users[0]][1] != "root"
    assert all(word != "RUN" for word, _ in found[users[0] :])


def test_the_lock_that_the_container_installs_from_is_what_runs_here() -> None:
    [step] = [rest for word, rest in instructions() if word == "RUN" and "--require-hashes" in rest]
    _, *words = shlex.split(step)
    done = subprocess.run(
        [sys.executable, *words, "--dry-run", "--no-index"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_container_is_built_where_an_engine_is() -> None:
    base = instructions()[0][1].partition("=")[2]
    for engine in filter(shutil.which, ("podman", "docker")):
        has_base = [engine, "image", "inspect", base]
        if subprocess.run(has_base, capture_output=True, check=False).returncode == 0:
            command = [engine, "build", "-q", "-f", str(DEPLOY / "Containerfile"), str(ROOT)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return
    pytest.skip(f"no container engine with {base} runs on this machine")
