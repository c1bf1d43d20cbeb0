"""The file of readers, each wrong line named; and what a connection's refusal may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.serve.access import read_readers
from orchestration.serve.database import Target, scrubbed, session


def written(folder: Path, *lines: str) -> Path:
    path = folder / "readers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def test_a_login_may_be_two_kinds_of_reader(tmp_path: Path) -> None:
    found = read_readers(
        written(tmp_path, "login,audience,agent_id", "lea,lead,A1", "lea,agent,A1", " bo , bi ,")
    )
    assert [(one.login, one.audience, one.agent_id, one.team_id) for one in found] == [
        ("lea", "lead", "A1", ""),
        ("lea", "agent", "A1", ""),
        ("bo", "bi", "", ""),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",bi,,", "the login is empty"),
        ("bo,boss,,", "'boss' is no kind of reader"),
        ("bo,agent,,", "an agent has an agent_id"),
        ("bo,agent,A1,T1", "an agent has an agent_id and no team_id"),
        ("bo,lead,,", "a lead has an agent_id"),
        ("bo,bi,A1,", "of a bi stay empty"),
        ("lea,lead,A2,", "lea is lead twice"),
    ],
)
def test_a_wrong_line_is_named_with_its_row(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, "login,audience,agent_id,team_id", "lea,lead,A1,", line)
    with pytest.raises(ConfigurationError, match=said) as error:
        read_readers(path)
    assert "readers.csv, row 3" in str(error.value)


def test_wrong_columns_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the columns are user, kind"):
        read_readers(written(tmp_path, "user,kind", "bo,bi"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_readers(tmp_path / "none.csv")


def test_what_a_dsn_holds_is_taken_out_of_a_message() -> None:
    dsn = "host=db.internal port=5433 user=loader dbname=centre password=s3cret"
    said = 'connection to server at "db.internal", port 5433 failed: FATAL: no "loader" of "centre" (s3cret)'
    assert scrubbed(said, dsn) == (
        'connection to server at "‹host›", port ‹port› failed: FATAL: no "‹user›" of "‹dbname›" (‹password›)'
    )


def test_a_schema_that_is_no_name_is_refused_before_anything_is_asked() -> None:
    with (
        pytest.raises(ConfigurationError, match="no name of a schema"),
        session(Target("", schema='a"; drop')),
    ):
        raise AssertionError
