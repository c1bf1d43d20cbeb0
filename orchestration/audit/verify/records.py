"""What records on disk say: their seal, their form, the hashes of files that they keep."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.audit.verify.findings import Finding
from orchestration.hashing import is_sealed


def read_sealed(path: Path) -> tuple[dict[str, Any] | None, str]:
    """A sealed record (None where it does not read), and what is wrong with it as a whole; nothing where that
    is empty.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        is_sound = is_sealed(text)
        said = "" if is_sound else "was changed after it was sealed: the seal is not that of its content"
        return json.loads(text), said
    except FileNotFoundError:
        return None, "is missing"
    except (OSError, ValueError) as error:
        return None, f"does not read ({error})"


def has_form(value: object, form: Any) -> bool:
    """Whether a value read from JSON has a form: a type, `[form]` for a list of such, `{name: form}` for an
    object with these fields, `{str: form}` for one with any.
    """
    if isinstance(form, list):
        return isinstance(value, list) and all(has_form(one, form[0]) for one in value)
    if not isinstance(form, dict):
        return isinstance(value, form)
    if not isinstance(value, dict):
        return False
    if str in form:
        return all(has_form(one, form[str]) for one in value.values())
    return all(name in value and has_form(value[name], of) for name, of in form.items())


def unlike_files(said: Mapping[str, str], present: Mapping[str, str], of: str) -> Iterator[Finding]:
    """Files by name with their SHA-256 that are not as a record says (`of`, in words)."""
    for name in sorted({*said, *present}):
        if name not in present:
            yield Finding(name, "is missing")
        elif name not in said:
            yield Finding(name, f"is not in {of}")
        elif said[name] != present[name]:
            yield Finding(name, f"was changed: SHA-256 {present[name]}, {of} says {said[name]}")
