"""The policy folder of a run: its form, and the copy in the state."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.policy.folder import REFERENCE_DIR, check_policy_folder, install_policy
from orchestration.settings import POLICY_DIR
from orchestration.state.folder import StateFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICY_DIR, tmp_path / "policy"))


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


def first_file(folder: Path) -> Path:
    return sorted(folder.glob("*.csv"))[0]


def test_the_shipped_policy_has_its_own_form() -> None:
    check_policy_folder(POLICY_DIR)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such policy folder"):
        check_policy_folder(tmp_path / "none")


def test_a_missing_file_is_named(folder: Path) -> None:
    gone = first_file(folder)
    gone.unlink()
    with pytest.raises(ConfigurationError, match=rf"{gone.name}: the policy folder lacks this file"):
        check_policy_folder(folder)


def test_a_misspelt_file_is_named_not_ignored(folder: Path) -> None:
    (folder / "grade_bands.csv").write_text("a\n1\n")
    with pytest.raises(ConfigurationError, match=r"grade_bands\.csv: the policy has no such file"):
        check_policy_folder(folder)


def test_a_missing_column_is_named_with_its_row(folder: Path) -> None:
    path = first_file(folder)
    header, _, rest = path.read_text(encoding="utf-8").partition("\n")
    kept, _, dropped = header.rpartition(",")
    path.write_text(f"{kept}\n{rest}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"{path.name}, row 1: the header lacks {dropped.strip()}"):
        check_policy_folder(folder)


def test_a_file_that_is_not_utf_8_is_named(folder: Path) -> None:
    path = first_file(folder)
    path.write_bytes("岗位".encode("gb18030") + b"\n")
    with pytest.raises(ConfigurationError, match=rf"{path.name}: is not UTF-8"):
        check_policy_folder(folder)


def test_the_copy_in_the_state_is_the_folder_and_its_hash_follows_the_content(
    folder: Path, state: StateFolder
) -> None:
    shipped = install_policy(state, POLICY_DIR)
    assert install_policy(state, folder) == shipped
    path = first_file(folder)
    path.write_bytes(path.read_bytes() + b"\n")
    assert install_policy(state, folder) != shipped
    assert (state.seeds / "policy" / path.name).read_bytes() == path.read_bytes()


def test_installing_an_unsound_policy_leaves_the_one_in_force(folder: Path, state: StateFolder) -> None:
    install_policy(state, POLICY_DIR)
    first_file(folder).unlink()
    with pytest.raises(ConfigurationError):
        install_policy(state, folder)
    assert (state.seeds / "policy" / first_file(POLICY_DIR).name).exists()


def test_a_site_brings_its_own_calendar(folder: Path, state: StateFolder) -> None:
    own = folder / "reference" / "calendar_day.csv"
    own.parent.mkdir()
    text = (REFERENCE_DIR / own.name).read_text("utf-8") + "*,2027-01-01,holiday,,元旦\n"
    own.write_text(text, "utf-8")
    install_policy(state, folder)
    assert (state.seeds / "reference" / own.name).read_text("utf-8") == text
    hours = "business_hours.csv"
    assert (state.seeds / "reference" / hours).read_bytes() == (REFERENCE_DIR / hours).read_bytes()


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("calendar_day.csv", "schedule_id,calendar_on\n", "the header lacks kind"),
        ("holidays.csv", "day\n", "the policy has no such file"),
    ],
)
def test_a_calendar_of_another_form_is_refused(name: str, text: str, problem: str, folder: Path) -> None:
    (folder / "reference").mkdir()
    (folder / "reference" / name).write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=problem):
        check_policy_folder(folder)
