"""The night's dbt is dbt's own with less work: the same relations, tests and errors with it and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.state.folder import StateFolder
from orchestration.warehouse import quicker as module
from orchestration.warehouse.dbt import (
    BUILD,
    PROVE,
    PROVEN,
    TEMPLATES,
    DbtOutcome,
    log_path,
    stream_dbt,
    take_parsed,
)
from orchestration.warehouse.ledger import forget_warehouse
from orchestration.warehouse.quicker import READ_IN, is_known, quicker
from tests.compiled import contents


def _build(state: StateFolder, *, is_quick: bool, contracts: str, arguments: tuple[str, ...] = BUILD) -> Any:
    """Build and say which nodes ended how."""
    outcome, ended = DbtOutcome(), {}
    for event in stream_dbt(
        state,
        arguments,
        outcome=outcome,
        manifest=take_parsed(state),
        is_quick=is_quick,
        contracts=contracts,
    ):
        node = event["data"].get("node_info")
        if event["info"]["name"] in ("LogModelResult", "LogSeedResult", "LogTestResult"):
            ended[node["unique_id"]] = node["node_status"]
    outcome.raise_if_failed(log_path(state))
    return ended


def test_every_relation_is_the_same_as_dbt_builds_it(demo_copy: StateFolder) -> None:
    """The night's warehouse against one that plain dbt makes, its contracts held; then once more in the
    night's way over what stands there, each relation in place of its own kind.
    """
    night = contents(demo_copy.warehouse)
    assert is_known(), "nights are not quicker: these versions of dbt are unknown to orchestration.warehouse"
    assert (demo_copy.dbt / TEMPLATES).stat().st_size > 0
    forget_warehouse(demo_copy)
    ended = _build(demo_copy, is_quick=False, contracts=PROVE)
    assert contents(demo_copy.warehouse) == night
    assert len(ended) > len(night), "each relation and each data test has ended"
    again = _build(demo_copy, is_quick=True, contracts=PROVE)
    assert again == ended
    assert contents(demo_copy.warehouse) == night


def test_other_versions_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dbt.compilation import Compiler
    from dbt.context.manifest import ManifestContext
    from dbt_common.clients import agate_helper
    from dbt_common.clients.jinja import MacroFuzzEnvironment
    from dbt_common.events.base_types import BaseEvent
    from dbt_common.events.event_manager import EventManager

    owners = (ManifestContext, MacroFuzzEnvironment, EventManager, BaseEvent, agate_helper, Compiler)
    before = [dict(vars(owner)) for owner in owners]
    with quicker(tmp_path / TEMPLATES) as is_quicker:
        assert is_quicker
        assert all(dict(vars(owner)) != was for owner, was in zip(owners, before, strict=True))
    assert [dict(vars(owner)) for owner in owners] == before
    for name in READ_IN:
        monkeypatch.setattr(module, "READ_IN", {**READ_IN, name: "0.0.1"})
        with quicker(tmp_path / TEMPLATES) as is_quicker:
            assert not is_quicker
            assert [dict(vars(owner)) for owner in owners] == before


def test_an_event_says_what_dbt_has_it_say_whenever_it_is_looked_at(tmp_path: Path) -> None:
    from dbt_common.events.base_types import msg_from_base_event
    from dbt_common.events.functions import msg_to_dict
    from dbt_common.events.types import Note, SystemExecutingCmd

    def said(event: Any) -> Any:
        return msg_to_dict(msg_from_base_event(event))["data"]

    plain = said(Note(msg=12)), said(SystemExecutingCmd(cmd=["dbt", "build"]))
    before = Note(msg="before")
    with quicker(tmp_path / TEMPLATES):
        assert (said(Note(msg=12)), said(SystemExecutingCmd(cmd=["dbt", "build"]))) == plain
        assert before.msg == "before"
        changed, looked_at = Note(msg="first"), Note(msg="looked at")
        changed.msg = "second"
        assert (changed.msg, looked_at.message()) == ("second", "looked at")
        with pytest.raises(Exception, match="Unable to parse"):
            assert Note(no_such_field=1).pb_msg
    assert (changed.msg, looked_at.msg, before.msg) == ("second", "looked at", "before")


def test_an_answer_has_the_types_that_dbt_gives_it(tmp_path: Path) -> None:
    from datetime import date
    from decimal import Decimal

    from dbt_common.clients.agate_helper import table_from_data_flat

    answers: list[list[dict[str, Any]]] = [
        [{"seq": 1, "kind": "new"}, {"seq": 2, "kind": "null"}],
        [{"kind": 1.5, "seq": "2026-10-31"}],
        [{"failures": 0, "should_warn": False, "on": date(2026, 10, 31), "of": Decimal("1.50"), "no": None}],
    ]

    def read() -> list[Any]:
        tables = [table_from_data_flat(rows, list(rows[0])) for rows in answers for _ in range(2)]
        return [([type(one) for one in table.column_types], list(map(tuple, table.rows))) for table in tables]

    plain = read()
    with quicker(tmp_path / TEMPLATES):
        assert read() == plain


def test_a_damaged_file_of_templates_is_no_file(tmp_path: Path) -> None:
    from dbt_common.clients.jinja import get_environment

    file = tmp_path / TEMPLATES
    for content in (b"", b"\x00\xff", b"not marshal"):
        file.write_bytes(content)
        with quicker(file):
            assert get_environment().from_string("{{ 1 + 1 }}").render({}) == "2"
    whole = file.read_bytes()
    with quicker(file):
        assert get_environment().from_string("{{ 1 + 1 }}").render({}) == "2"
    assert file.read_bytes() == whole, "nothing new, nothing written"


def test_kept_code_in_which_a_bit_flipped_is_made_again(tmp_path: Path) -> None:
    file, kept = tmp_path / "templates.bin", {b"key": compile("'select 1'", "template", "eval")}
    module._write_templates(file, "stamp", kept)
    assert module._read_templates(file, "stamp") == kept
    assert module._read_templates(file, "another") == {}
    content = bytearray(file.read_bytes())
    content[content.index(b"select 1")] ^= 1
    file.write_bytes(content)
    assert module._read_templates(file, "stamp") == {}


def test_a_macro_is_found_where_dbt_finds_it(demo_copy: StateFolder, tmp_path: Path) -> None:
    """Every name of a context, for a node of the project."""
    from dbt.adapters.factory import get_adapter_package_names
    from dbt.clients.jinja import MacroGenerator, MacroStack
    from dbt.context.macros import MacroNamespaceBuilder

    manifest = take_parsed(demo_copy)
    packages = manifest.get_macros_by_package()
    for search in ("meritline", "dbt"):
        builder = MacroNamespaceBuilder(
            "meritline", search, MacroStack(), get_adapter_package_names("duckdb"), None
        )
        ours = module._Namespace(module._Macros(packages, builder), {}, builder)
        theirs = builder.build_namespace(packages, {})
        assert set(ours) == set(theirs)
        for name, member in theirs.items():
            if isinstance(member, MacroGenerator):
                assert ours[name].macro.unique_id == member.macro.unique_id
                assert ours.get_from_package(None, name) is ours[name]
            else:
                assert {one: found.macro.unique_id for one, found in ours[name].items()} == {
                    one: found.macro.unique_id for one, found in member.items()
                }
        assert ours.get_from_package("dbt", "no_such_macro") is None


def test_a_contract_that_its_query_does_not_keep_fails_where_it_is_held(demo_copy: StateFolder) -> None:
    """As the tests build, and not as a night does, which casts."""
    for contracts, error in ((PROVE, "contract"), (PROVEN, "")):
        manifest = take_parsed(demo_copy)
        manifest.nodes["model.meritline.relation_key"].columns["position"].data_type = "varchar"
        outcome = DbtOutcome()
        arguments = ["run", "--select", "relation_key"]
        events = stream_dbt(demo_copy, arguments, outcome=outcome, manifest=manifest, contracts=contracts)
        assert list(events)
        assert list(outcome.failed_models) == (["relation_key"] if error else [])
        assert all(error in message for message in outcome.failed_models.values())


@pytest.mark.parametrize(("option", "value"), [("grants", {"select": ["bi"]}), ("sql_header", "select 1;")])
def test_what_the_materializations_leave_out_is_refused(
    demo_copy: StateFolder, option: str, value: Any
) -> None:
    manifest = take_parsed(demo_copy)
    node: Any = manifest.nodes["model.meritline.relation_key"]
    setattr(node.config, option, value) if option == "grants" else node.config._extra.update({option: value})
    outcome = DbtOutcome()
    list(stream_dbt(demo_copy, ["run", "--select", "relation_key"], outcome=outcome, manifest=manifest))
    assert "makes tables and views alone" in outcome.failed_models["relation_key"]
