"""Which form a state folder has: the number that a release holds it to before it reads or writes anything.

A release knows one form. What an earlier one left is brought to it by whoever holds the state; what a later
one left is refused, since nothing here can know what has changed meaning (decision 45).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orchestration.errors import ConfigurationError

FORM = 1
"""The form that this release reads and writes. It grows when a release before would misread what lies
there.
"""
UNNUMBERED = 0
"""A folder without the file: new, or left by a release from before forms had a number. Its layout is that of
form 1, so all that it lacks is the file.
"""
NAME = "version.json"


@dataclass(frozen=True)
class Form:
    """What `version.json` says: the form's number, and the release that gave the folder this form."""

    form: int
    release: str


def form_of(root: Path) -> Form:
    """The form of a state folder, which need not exist. Raises ConfigurationError for a file that does not
    say one.
    """
    path = root / NAME
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        form, release = said["form"], said["release"]
    except (FileNotFoundError, NotADirectoryError):
        return Form(UNNUMBERED, "")
    except (ValueError, TypeError, KeyError):
        form, release = None, ""
    if type(form) is not int or form <= UNNUMBERED:
        raise ConfigurationError(
            path=path,
            problem="this file does not say which form the state folder has",
            remedy="Restore it from the backup. Only if no later release than "
            f"{this_release()} ever ran here, removing it does too: it is written again",
        )
    return Form(form, str(release))


def require_known_form(root: Path) -> None:
    """Raise ConfigurationError, naming both releases, for a state folder of a later release."""
    found = form_of(root)
    if found.form > FORM:
        raise ConfigurationError(
            path=root,
            problem=f"this state folder has form {found.form}, from meritline {found.release}; this is "
            f"meritline {this_release()}, which knows form {FORM}",
            remedy=f"Nothing was read or written. Use meritline {found.release} or later; to stay with this "
            f"release, restore the backup from before the upgrade into another folder",
        )


def text_of_today() -> str:
    """What `version.json` says of a folder in the form of this release."""
    return json.dumps(asdict(Form(FORM, this_release()))) + "\n"


def this_release() -> str:
    """The release that runs, like `0.1.0`."""
    try:
        return version("meritline")
    except PackageNotFoundError:
        return "of unknown version"
