"""Names of files for ids that an export made up."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote

LONGEST = 120
"""Letters of a name; a longer one is cut and ends in its hash."""
NAMELESS = "%"
"""For no id at all; nothing that is encoded is called so."""


def safe_name(name: str) -> str:
    """A file's name for any id: what is no plain letter, digit, `_`, `-` or `.` is percent-encoded; none is
    hidden, empty or too long, and no two are the same.
    """
    text = quote(name, safe="").replace("~", "%7E")
    if text.startswith("."):
        text = f"%2E{text[1:]}"
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}%{sha256(name.encode()).hexdigest()}"
    return text or NAMELESS
