"""What of a site's folder a state keeps beside the policy rows: rules, models of KPIs, hashes of all files.

So a run is replayable from its state alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.policy.kpi_models import MODELS
from orchestration.policy.own_clauses import own_rules
from orchestration.policy.site import Site
from orchestration.state.folder import StateFolder

INSTALLED = "site"
"""Folder of a state's seeds."""
FILES = "files.json"
"""SHA-256 of the site's files as they were when they were copied."""


def install_site(site: Site, seeds: Path) -> None:
    """Copy the rules and KPIs of a site into the folder of seeds, with the hashes of its files."""
    if site.folder is None:
        return
    target = seeds / INSTALLED
    models = [*site.kpi.glob(MODELS), *site.kpi.glob("*.yml")] if site.kpi else []
    for path in [*([site.clauses] if site.clauses else []), *sorted(models)]:
        copy = target / path.relative_to(site.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    target.mkdir(exist_ok=True)
    (target / FILES).write_text(json.dumps(site.hashes(), ensure_ascii=False, indent=1), encoding="utf-8")


def installed_site(state: StateFolder) -> Site:
    """What the state has of a site beside the policy rows; the product as shipped where it has none."""
    return Site(state.seeds / INSTALLED)


def site_record(state: StateFolder) -> Mapping[str, Any] | None:
    """What a manifest says of the site: SHA-256 of each of its files, and its documents and rules, from which
    readers cite; None where there is none.
    """
    site = installed_site(state)
    files = state.seeds / INSTALLED / FILES
    if not files.is_file():
        return None
    own = {} if site.clauses is None else own_rules(site.clauses)
    return {"files": json.loads(files.read_text(encoding="utf-8")), **own}
