"""Boards on disk: a folder per audience, readable to whom it is for, with the assets beside them.

index.html           for whoever runs the system (0600)
assets/              styles, script, library of charts: nothing of anybody
bi/index.html        the group's too (0640)
lead/<team>/         a folder for each team (0600)
agent/<agent>.html   a page for each agent (0600)
payroll/index.html   (0600)
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from urllib.parse import quote

from orchestration.board.agent import agent_pages
from orchestration.board.bi import bi_page
from orchestration.board.lead import lead_pages
from orchestration.board.page import About, page
from orchestration.board.payroll import payroll_page
from orchestration.board.read import of_bi, of_everything
from orchestration.board.words import pair, script_words
from orchestration.file_names import safe_name
from orchestration.settings_table import BOARDS
from orchestration.state.folder import GROUP_DIR, GROUP_FILE, OWNER_DIR, OWNER_FILE

BOARD_FOLDER, BOARD_INDEX = "board", "index.html"
ASSETS = Path(__file__).with_name("assets")

Entry = tuple[str, str, str]
"""Of the index: id, name, place."""


def write_boards(
    publication: Path, out: Path, about: About, *, library: Path, audiences: Collection[str] = BOARDS
) -> int:
    """Write the boards of a publication into `out`, which must not have any yet; return the number of pages.

    `library` is the script that draws charts.
    """
    out.mkdir(exist_ok=True)
    out.chmod(GROUP_DIR)
    _write_assets(out / "assets", library)
    boards: list[tuple[str, str]] = []
    teams: list[Entry] = []
    agents: list[Entry] = []
    if {"bi", "lead"} & set(audiences):
        with of_bi(publication) as reading:
            if "bi" in audiences:
                _write(_folder(out / "bi", GROUP_DIR) / "index.html", bi_page(reading, about), GROUP_FILE)
                boards.append(("bi", "bi/index.html"))
            if "lead" in audiences:
                teams = _write_teams(_folder(out / "lead"), lead_pages(reading, about))
    if {"agent", "payroll"} & set(audiences):
        with of_everything(publication) as reading:
            if "payroll" in audiences:
                _write(_folder(out / "payroll") / "index.html", payroll_page(reading, about))
                boards.append(("payroll", "payroll/index.html"))
            if "agent" in audiences:
                agents = _write_agents(_folder(out / "agent"), agent_pages(reading, about))
    lists = [(name, entries) for name, entries in (("teams", teams), ("agents", agents)) if entries]
    _write(
        out / BOARD_INDEX,
        page("index", about, heading=pair("page.bi"), up="", is_drawn=False, boards=boards, lists=lists),
    )
    return 1 + len(boards) + len(teams) + len(agents)


def address(*names: str) -> str:
    """Where a link to files of safe names leads: their percent signs are text."""
    return "/".join(quote(name, safe="") for name in names)


def _write_teams(folder: Path, pages: Iterable[tuple[str, tuple[str, str], str]]) -> list[Entry]:
    entries = []
    for team_id, (name, _), text in pages:
        own = safe_name(team_id)
        _write(_folder(folder / own) / "index.html", text)
        entries.append((team_id, name, address("lead", own, "index.html")))
    return entries


def _write_agents(folder: Path, pages: Iterable[tuple[str, str, str]]) -> list[Entry]:
    entries = []
    for agent_id, name, text in pages:
        own = f"{safe_name(agent_id)}.html"
        _write(folder / own, text)
        entries.append((agent_id, name, address("agent", own)))
    return entries


def _write_assets(folder: Path, library: Path) -> None:
    """What every page uses; nothing of it is anybody's, so that the group may read it."""
    _folder(folder, GROUP_DIR)
    specifications = json.loads((ASSETS / "charts.json").read_text(encoding="utf-8"))
    charts = (
        f"window.BOARD_WORDS = {json.dumps(script_words(), ensure_ascii=False)};\n"
        f"window.BOARD_CHARTS = {json.dumps(specifications, ensure_ascii=False)};\n"
    )
    _write(folder / "charts.js", charts, GROUP_FILE)
    for name in ("board.css", "board.js"):
        _write(folder / name, (ASSETS / name).read_text(encoding="utf-8"), GROUP_FILE)
    shutil.copyfile(library, folder / "vega.js")
    (folder / "vega.js").chmod(GROUP_FILE)


def _folder(path: Path, mode: int = OWNER_DIR) -> Path:
    path.mkdir(mode)
    path.chmod(mode)
    return path


def _write(path: Path, text: str, mode: int = OWNER_FILE) -> None:
    """Write a file that is nobody's but the owner's from its first byte."""
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE), "w", encoding="utf-8"
    ) as stream:
        stream.write(text)
    path.chmod(mode)
