"""The library that draws charts, Vega and Vega-Lite, as one script: bundled once, at installation or where a
state first needs it, since that takes some seconds; the same for every page and publication.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path

INSTALLED = Path(sys.prefix) / "share" / "meritline"
SNIPPET = "window.vegaEmbed = vegaEmbed;"
LICENCE = (
    "/* Vega, Vega-Lite and Vega-Embed: BSD-3-Clause, University of Washington Interactive Data Lab. */\n"
)


def file_name() -> str:
    """The bundle's file: another version of the library is another file."""
    return f"vega-{version('vl-convert-python')}.js"


def keep_bundle(folder: Path = INSTALLED) -> Path:
    """The bundle in a folder, made where it is not there yet."""
    path = folder / file_name()
    if not path.is_file():
        import vl_convert

        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{path.name}.{os.getpid()}"
        draft.write_text(LICENCE + vl_convert.javascript_bundle(SNIPPET), encoding="utf-8")
        draft.replace(path)
    return path


def bundle(state: Path) -> Path:
    """The installation's bundle; where it has none, the state's own."""
    installed = INSTALLED / file_name()
    return installed if installed.is_file() else keep_bundle(state / "board")
