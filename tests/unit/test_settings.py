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


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://loader:s3cret@db/centre",
        "host=db dbname=centre password=s3cret",
        "postgresql://db/centre?password=s3cret",
        "host=db sslpassword = s3cret",
    ],
)
def test_a_password_in_site_yml_is_refused_and_not_repeated(tmp_path: Path, dsn: str) -> None:
    (tmp_path / "site.yml").write_text(f"postgres_dsn: {dsn}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="postgres_dsn: it holds a password") as error:
        load_settings({}, site=tmp_path)
    assert "s3cret" not in str(error.value)
    # The variable is nobody's file.
    settings = load_settings({"MERITLINE_POSTGRES_DSN": dsn})
    assert settings.postgres_dsn == dsn
    assert "s3cret" not in repr(settings)


def test_a_database_of_readers_is_named_in_site_yml(tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text(
        "postgres_dsn: service=meritline\npostgres_schema: centre\npostgres_readers: readers.csv\n",
        encoding="utf-8",
    )
    settings = load_settings({}, site=tmp_path)
    assert (settings.postgres_dsn, settings.postgres_schema) == ("service=meritline", "centre")
    assert settings.postgres_readers == tmp_path / "readers.csv"
    with pytest.raises(ConfigurationError, match="'Centre;' is no name of a schema"):
        load_settings({"MERITLINE_POSTGRES_SCHEMA": "Centre;"})
