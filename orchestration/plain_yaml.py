"""YAML without objects of its own, read by libyaml: the same values some twenty times as fast."""

from __future__ import annotations

from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """What a YAML text says, as `yaml.safe_load` would. Raises yaml.YAMLError for a text that is none."""
    return yaml.load(text, Loader=LOADER)
