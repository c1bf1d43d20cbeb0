"""Evidence packs with other members, sealed anew or not."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

from orchestration.audit.pack.write import INDEX, sealed_index


def rewritten(path: Path, target: Path, changes: dict[str, bytes | None], *, reseal: bool = False) -> Path:
    """A copy of a pack with other members; with `reseal` the index is made to fit."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, content in changes.items():
        members.pop(name, None)
        if content is not None:
            members[name] = content
    if reseal:
        index = json.loads(members[INDEX])
        del index["seal"]
        index["files"] = {
            name: hashlib.sha256(content).hexdigest()
            for name, content in sorted(members.items())
            if name != INDEX
        }
        members[INDEX] = sealed_index(index).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target
