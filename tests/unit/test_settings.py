"""Settings from the environment, each wrong one named."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.settings import POLICY_DIR, load_settings


def test_defaults_hold_everything_under_one_state_folder() -> None:
    settings = load_settings({})
    assert settings.state == Path("var").absolute()
    assert settings.landing == settings.state / "landing"
    assert settings.policy == POLICY_DIR
    assert settings.profiles == ()
    assert settings.business_timezone == "Asia/Shanghai"


def test_paths_become_absolute_and_profiles_a_list() -> None:
    settings = load_settings(
        {"MERITLINE_STATE": "s", "MERITLINE_LANDING": "in", "MERITLINE_PROFILES": "a.yml:b.yml"}
    )
    assert settings.state == Path("s").absolute()
    assert settings.landing == Path("in").absolute()
    assert settings.profiles == (Path("a.yml").absolute(), Path("b.yml").absolute())


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MERITLINE_TIMEZONE", "Asia/Nowhere"),
        ("MERITLINE_KEEP_PUBLICATIONS", "0"),
        ("MERITLINE_KEEP_PUBLICATIONS", "many"),
    ],
)
def test_a_wrong_setting_is_named(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=variable) as error:
        load_settings({variable: value})
    assert value in str(error.value)
