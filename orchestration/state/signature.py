"""Who decided something, and why: words of a person that a record keeps."""

from __future__ import annotations

from orchestration.errors import ConfigurationError


def signed_by(name: str, *, deed: str) -> str:
    """The name of who does a `deed` (`settles the period`), on one line. Raises ConfigurationError (exit 2)
    for one that says nobody.
    """
    words = _on_one_line(name)
    if not words:
        raise ConfigurationError(path="--by", problem=f"{name!r} is nobody's name", remedy=f"Say who {deed}")
    return words


def reason(text: str) -> str:
    """Why somebody decided so, on one line. Raises ConfigurationError (exit 2) where it says nothing."""
    words = _on_one_line(text)
    if not words:
        raise ConfigurationError(path="--why", problem=f"{text!r} says nothing", remedy="Say why it may pass")
    return words


def _on_one_line(text: str) -> str:
    """The printable words of a text; nothing where it has no letter and no digit."""
    words = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return words if any(one.isalnum() for one in words) else ""
