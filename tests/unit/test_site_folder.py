"""A site's own folder: what wins, what is added, and every fault of it named with file and nearest word."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from expectations.bound import Bound, load_bounds
from expectations.own_bounds import bounds_in_force, hash_in_force
from orchestration.cli import run
from orchestration.errors import ConfigurationError
from orchestration.policy.clauses import clauses, with_own
from orchestration.policy.folder import check_policy_folder, install_policy
from orchestration.policy.installed import installed_site, site_record
from orchestration.policy.own_clauses import own_rules
from orchestration.policy.site import PARTS, SHIPPED, Site
from orchestration.settings import BOUNDS_DIR, POLICY_DIR, PROJECT_ROOT, REFERENCE_DIR, load_settings
from orchestration.settings_table import SETTINGS
from orchestration.state.folder import StateFolder

SAMPLE = PROJECT_ROOT / "tests" / "fixtures" / "site"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The sample site, which a test may change."""
    return Site(Path(shutil.copytree(SAMPLE, tmp_path / "site")))


def place(site: Site, name: str) -> Path:
    assert site.folder is not None
    return site.folder / name


def put(site: Site, name: str, old: str, new: str) -> None:
    path = place(site, name)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (name, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def refused(site: Site) -> str:
    """What is said of the folder, by whichever of its checks says it first."""
    with pytest.raises(ConfigurationError) as error:
        load_settings({}, site=site.folder)
        site.require_known()
        bounds_in_force(BOUNDS_DIR, site.bounds)
        check_policy_folder(site.policy or POLICY_DIR, site=site)
    assert error.value.remedy
    return str(error.value)


# ---- settings


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(site: Site) -> None:
    own = load_settings({}, site=site.folder)
    assert own.business_timezone == "Asia/Tokyo"
    assert own.keep_publications == 14
    assert own.nightly_cron == "0 4 * * *"
    assert own.retries == 2
    assert own.policy == site.policy
    told = load_settings({"MERITLINE_TIMEZONE": "UTC"}, site=site.folder)
    assert told.business_timezone == "UTC"
    assert told.keep_publications == 14
    assert load_settings({"MERITLINE_SITE": str(site.folder)}) == own


def test_a_command_names_the_engine_that_the_site_would_not_take(site: Site) -> None:
    place(site, "site.yml").write_text("engine: spark\n", encoding="utf-8")
    usual = load_settings({}, site=site.folder)
    assert "--engine" not in usual.nightly_command(as_of="", allow_rejects="0")
    other = replace(usual, engine="duckdb").nightly_command(as_of="", allow_rejects="0")
    assert "--engine duckdb" in other
    place(site, "site.yml").unlink()
    plain = load_settings({}, site=site.folder)
    assert "--engine" not in plain.nightly_command(as_of="", allow_rejects="0")
    assert "--engine spark" in replace(plain, engine="spark").nightly_command(as_of="", allow_rejects="0")


def test_names_of_profiles_are_the_sites_and_paths_begin_in_its_folder(site: Site) -> None:
    place(site, "site.yml").write_text(
        "profiles: [roster, zendesk, more/own.yml]\nlanding: in\n", encoding="utf-8"
    )
    place(site, "more").mkdir()
    place(site, "more/own.yml").write_text("", encoding="utf-8")
    settings = load_settings({}, site=site.folder)
    assert settings.profiles == (
        place(site, "profiles/roster.yml"),
        Path("zendesk"),
        place(site, "more/own.yml"),
    )
    assert settings.landing == place(site, "in")


def test_without_a_word_every_profile_of_the_folder_is_meant(site: Site) -> None:
    place(site, "site.yml").unlink()
    names = [path.stem for path in load_settings({}, site=site.folder).profiles]
    assert names == ["attendance", "calls", "roster"]


def test_a_setting_left_empty_is_not_said(site: Site) -> None:
    place(site, "site.yml").write_text("state:\nlanding:\npolicy: ''\nmemory:\n", encoding="utf-8")
    assert load_settings({}, site=site.folder) == replace(
        load_settings({}),
        site=site.folder,
        policy=site.policy,
        profiles=load_settings({}, site=site.folder).profiles,
    )


def test_a_variable_may_name_a_profile_of_the_site(site: Site) -> None:
    settings = load_settings({"MERITLINE_PROFILES": "calls"}, site=site.folder)
    assert settings.profiles == (place(site, "profiles/calls.yml"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timezon: UTC\n", "Did you mean 'timezone'?"),
        ("timezone: Mars/Base\n", "site.yml, timezone: 'Mars/Base' is no time zone"),
        ("timezone: [UTC]\n", "timezone is not one value"),
        ("cron: nightly\n", "'nightly' is no time of a schedule"),
        ("engine: oracle\n", "duckdb or spark"),
        ("keep_publications: many\n", "not a whole number"),
        ("memory: 1\nmemory: 2GB\n", "stands there twice"),
        ("- timezone\n", "is no list of settings"),
        ("timezone: 'UTC\n", "does not read"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(site: Site, text: str, said: str) -> None:
    place(site, "site.yml").write_text(text, encoding="utf-8")
    told = refused(site)
    assert "site.yml" in told and said in told


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such folder of a site"):
        load_settings({}, site=tmp_path / "nowhere")


def test_every_setting_has_a_key_of_its_own() -> None:
    assert len({setting.key for setting in SETTINGS}) == len(SETTINGS)
    assert all(setting.meaning and setting.default for setting in SETTINGS)


# ---- parts


def test_the_sample_is_sound_and_every_part_is_in_it(site: Site) -> None:
    site.require_known()
    check_policy_folder(place(site, "policy"), site=site)
    said = {pattern for pattern in PARTS if any(place(site, "").glob(pattern))}
    assert said == set(PARTS)


@pytest.mark.parametrize("name", ["clause.yml", "polcy/scheme.csv", "kpi/long_calls.sql", "bounds/kpi.yaml"])
def test_a_file_that_is_no_part_is_not_passed_over(site: Site, name: str) -> None:
    place(site, name).parent.mkdir(exist_ok=True)
    place(site, name).write_text("", encoding="utf-8")
    assert "has no such part" in refused(site)


def test_places_that_the_settings_name_may_lie_in_the_folder(site: Site) -> None:
    """What is read from there is hashed like a part."""
    place(site, "site.yml").write_text(
        "landing: in\nstate: var\npolicy: plans\nprofiles: [more/own.yml]\npostgres_readers: readers.csv\n",
        encoding="utf-8",
    )
    shutil.copytree(POLICY_DIR, place(site, "plans"))
    for name in (
        "in/crm/lead.csv",
        "var/dagster/dagster.yaml",
        "more/own.yml",
        "plans/notes.yml",
        "readers.csv",
    ):
        place(site, name).parent.mkdir(parents=True, exist_ok=True)
        place(site, name).write_text("", encoding="utf-8")
    site.require_known()
    assert {"more/own.yml", "plans/scheme.csv"} <= site.hashes().keys()
    assert not {"in/crm/lead.csv", "var/dagster/dagster.yaml", "readers.csv"} & site.hashes().keys()


@pytest.mark.parametrize("name", [".git/config.yml", "policy/cases/harbour_desk/one.yml", "README.md"])
def test_what_is_beside_the_parts_stays_out(site: Site, name: str) -> None:
    place(site, name).parent.mkdir(parents=True, exist_ok=True)
    place(site, name).write_text("", encoding="utf-8")
    site.require_known()


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("policy/component.csv", "HARBOUR-02", "HARBOUR-20", "component.csv, row 3"),
        ("policy/component.csv", "long_calls,,", "long_cals,,", "Did you mean 'long_calls'?"),
        ("policy/scheme.csv", "HARBOUR", "HARBOR", "Did you mean 'HARBOUR'?"),
        ("policy/scheme.csv", "document", "paper", "the header lacks document"),
        ("reference/calendar_day.csv", "2026-10-12", "2026-13-12", "is no date"),
        ("kpi/kpi.csv", "ticket.contact", "ticket.contacts", "kpi/kpi.csv, row 2"),
        ("kpi/kpi.csv", "\nlong_calls", "\nlonger_calls", "there is no row of long_calls"),
        ("kpi/kpi_long_calls.sql", "-- Grain: ", "-- ", "line 1 does not say the grain"),
        ("kpi/kpi_long_calls.sql", "-- Reads: ", "-- ", "line 2 does not say"),
        (
            "kpi/kpi_long_calls.sql",
            "contact.talk_seconds.",
            "contact.talk_second.",
            "ticket.contact.talk_seconds",
        ),
        ("kpi/kpi_long_calls.sql", "'long_calls' as", "'calls' as", "it calls its rows calls"),
        ("kpi/kpi.yml", "name: kpi_long_calls", "name: kpi_calls", "describes kpi_long_calls"),
        ("kpi/kpi.yml", "{enforced: true}", "{enforced: false}", "does not hold its columns"),
        (
            "kpi/kpi.yml",
            "ruling_id, data_type: varchar",
            "ruling, data_type: varchar",
            "lacks the column ruling_id",
        ),
        (
            "clauses.yml",
            "document: HARBOUR\n    title: 出勤日薪",
            "document: HABOUR\n    title: 出勤日薪",
            "not among",
        ),
        ("clauses.yml", "    zh: 每出勤一天支付 90 元。\n", "", "HARBOUR-01.zh"),
        ("clauses.yml", "    quote: 每出勤壹日,给付玖拾元\n", "", "a document or a quote without the other"),
        ("clauses.yml", "  HARBOUR-03:", "  CG-11:", "CG-11 is a shipped rule"),
        ("kpi/kpi_long_calls.sql", "ref('fct_contact')", "ref('fct_contct')", "Did you mean fct_contact?"),
        (
            "kpi/kpi_long_calls.sql",
            "ref('fct_contact')",
            "ref('int_contact__validity')",
            "is no fact or policy",
        ),
        ("kpi/kpi_long_calls.sql", "talk_seconds >= 600", "started_on < current_date", "(current_date)"),
        (
            "kpi/kpi.yml",
            "    config:\n      contract",
            "    config: true\n    docs:\n      contract",
            "contract",
        ),
        ("bounds/kpi.yml", "rates_drift", "rate_drift", "Did you mean rates_drift?"),
        ("bounds/kpi.yml", "suite: kpi", "suite: kpis", "there is no such suite"),
        ("bounds/kpi.yml", "    since: 2026-11-01\n", "", "Give since"),
        ("bounds/kpi.yml", "max_value", "maximum", "Fields here are"),
        (
            "bounds/kpi.yml",
            "    limits: {max_value: 0.5}\n",
            "    limits: {value_set: [1]}\n",
            "knows no limit",
        ),
    ],
)
def test_every_fault_is_named_with_its_file(site: Site, name: str, old: str, new: str, said: str) -> None:
    put(site, name, old, new)
    told = refused(site)
    assert said in told, told
    assert f"site/{Path(name).parts[0]}" in told or Path(name).name in told, told


@pytest.mark.parametrize(
    "name", ["kpi/kpi.csv", "kpi/kpi_long_calls.sql", "policy/component.csv", "clauses.yml"]
)
def test_a_file_of_another_encoding_is_named(site: Site, name: str) -> None:
    path = place(site, name)
    path.write_bytes(path.read_text(encoding="utf-8").replace("one answered", "客服").encode("gb18030"))
    assert path.name in refused(site)


@pytest.mark.parametrize(
    "name", ["kpi/kpi.csv", "kpi/kpi_long_calls.sql", "policy/component.csv", "site.yml"]
)
def test_a_mark_of_the_encoding_and_line_ends_of_windows_are_no_fault(site: Site, name: str) -> None:
    path = place(site, name)
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(text.encode("utf-8-sig"))
    load_settings({}, site=site.folder)
    check_policy_folder(place(site, "policy"), site=site)


def test_an_own_kpi_is_not_called_like_a_shipped_one(site: Site) -> None:
    for path in (
        place(site, "kpi/kpi_long_calls.sql"),
        place(site, "kpi/kpi.csv"),
        place(site, "kpi/kpi.yml"),
    ):
        path.write_text(path.read_text("utf-8").replace("long_calls", "contacts_served"), encoding="utf-8")
    place(site, "kpi/kpi_long_calls.sql").rename(place(site, "kpi/kpi_contacts_served.sql"))
    assert "contacts_served is a shipped KPI" in refused(site)


# ---- what is in force


def test_what_the_site_does_not_replace_is_as_shipped(site: Site, tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    state.prepare()
    install_policy(state, place(site, "policy"), site=site)
    assert (state.seeds / "policy" / "scheme.csv").read_bytes() == place(
        site, "policy/scheme.csv"
    ).read_bytes()
    shipped = (POLICY_DIR / "kpi.csv").read_text(encoding="utf-8")
    own = place(site, "kpi/kpi.csv").read_text(encoding="utf-8").partition("\n")[2]
    assert (state.seeds / "policy" / "kpi.csv").read_text(encoding="utf-8") == shipped + own
    hours = "business_hours.csv"
    assert (state.seeds / "reference" / hours).read_bytes() == (REFERENCE_DIR / hours).read_bytes()
    assert installed_site(state).kpi is not None
    record = site_record(state)
    assert record is not None
    assert record["files"] == site.hashes() and "HARBOUR-02" in record["clauses"]
    install_policy(state, POLICY_DIR)
    assert installed_site(state) == Site(state.seeds / "site")
    assert installed_site(state).kpi is None and site_record(state) is None


def test_another_policy_is_whole_and_keeps_the_sites_rules(site: Site, tmp_path: Path) -> None:
    other = Path(shutil.copytree(place(site, "policy"), tmp_path / "other"))
    with pytest.raises(ConfigurationError, match="the policy folder lacks this file"):
        check_policy_folder(other, site=site)
    for path in POLICY_DIR.glob("*.csv"):
        if not (other / path.name).exists():
            shutil.copy(path, other / path.name)
    check_policy_folder(other, site=site)
    with pytest.raises(ConfigurationError, match="HARBOUR"):
        check_policy_folder(other, site=SHIPPED)


def test_own_rules_stand_behind_the_shipped_ones(site: Site) -> None:
    assert site.clauses is not None
    assert list(clauses(site.clauses))[: len(clauses())] == list(clauses())
    rule = clauses(site.clauses)["HARBOUR-02"]
    assert rule.words == "「十分钟以上之有效通话」 「每月前三名分别奖三百元、二百元、一百元」"
    assert rule.document is not None and rule.document.title_zh == "海港服务台薪酬办法(2026)"
    assert clauses(site.clauses)["HARBOUR-03"].document is None
    assert set(own_rules(site.clauses)) == {"documents", "clauses"}


def test_a_publication_without_rules_of_a_site_has_the_shipped_ones() -> None:
    """A site with settings alone says its files and no rule."""
    assert with_own({"files": {}}) == with_own(None) == clauses()  # type: ignore[arg-type]


def test_what_can_never_be_right_is_no_sites_to_change(site: Site) -> None:
    name = next(
        name for name, bound in load_bounds(BOUNDS_DIR)["bonus"].bounds.items() if is_never_right(bound)
    )
    place(site, "bounds/bonus.yml").write_text(
        f"suite: bonus\nbounds:\n  {name}:\n    severity: warning\n    since: 2026-11-01\n"
        "    why: We would rather publish and look at it later.\n",
        encoding="utf-8",
    )
    assert "can never be right" in refused(site)


def is_never_right(bound: Bound) -> bool:
    return bound.severity == "critical" and not bound.is_acceptable


def test_own_bounds_change_what_they_name_and_nothing_else(site: Site) -> None:
    shipped, own = load_bounds(BOUNDS_DIR), bounds_in_force(BOUNDS_DIR, site.bounds)
    changed = {
        (suite, name)
        for suite, bounds in own.items()
        for name in bounds
        if bounds[name] != shipped[suite][name]
    }
    assert changed == {("kpi", "rates_drift")}
    assert own["kpi"]["rates_drift"].limits.max_value == 0.5
    assert own["kpi"]["rates_drift"].severity == shipped["kpi"]["rates_drift"].severity
    assert bounds_in_force(BOUNDS_DIR) == shipped
    put(
        site,
        "bounds/kpi.yml",
        "    since:",
        "    severity: critical\n    cure: Have the export made again.\n    since:",
    )
    stricter = bounds_in_force(BOUNDS_DIR, site.bounds)["kpi"]["rates_drift"]
    assert (stricter.severity, stricter.is_acceptable) == ("critical", True)
    assert hash_in_force(BOUNDS_DIR, site.bounds) != hash_in_force(BOUNDS_DIR)


# ---- meritline site init


def test_a_new_folder_is_sound_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own"
    assert run(["site", "init", str(folder)]) == 0
    fresh = Site(folder)
    fresh.require_known()
    check_policy_folder(folder / "policy", site=fresh)
    assert bounds_in_force(BOUNDS_DIR, fresh.bounds) == load_bounds(BOUNDS_DIR)
    assert list(clauses(fresh.clauses)) == list(clauses())
    told = load_settings({}, site=folder)
    assert (told.business_timezone, told.profiles) == ("Asia/Shanghai", ())
    assert all(f"# {setting.key}:" in (folder / "site.yml").read_text("utf-8") for setting in SETTINGS)
    assert run(["site", "init", str(folder)]) == 2
    assert "not empty" in capsys.readouterr().err


def test_its_samples_are_sound_once_they_are_meant(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    assert run(["site", "init", str(folder)]) == 0
    for path in sorted(folder.rglob("*.sample")):
        path.rename(path.with_suffix(""))
    rules = folder / "clauses.yml"
    lines = rules.read_text(encoding="utf-8").splitlines()
    rules.write_text("\n".join(line.removeprefix("# ") for line in lines[3:]), encoding="utf-8")
    own = Site(folder)
    own.require_known()
    check_policy_folder(folder / "policy", site=own)
    assert "ACME-01" in clauses(own.clauses)
    assert bounds_in_force(BOUNDS_DIR, own.bounds)["kpi"]["rates_drift"].limits.max_value == 0.2
