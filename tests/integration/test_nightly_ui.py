"""The web UI on loopback: its page, and the published night's run, checks and metadata in its answers."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import PROJECT_ROOT, child_environment

START_SECONDS = 300
STRAIGHT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

RUNS = "{ runsOrError { ... on Runs { results { status jobName } } } }"
CALIBRATION = """{ assetNodes(assetKeys: [{path: ["calibration"]}]) {
  groupName
  assetMaterializations(limit: 1) { metadataEntries { label ... on IntMetadataEntry { intValue }
    ... on FloatMetadataEntry { floatValue } ... on PathMetadataEntry { path } } }
  assetChecksOrError { ... on AssetChecks { checks { name
    executionForLatestMaterialization { status evaluation { severity } } } } }
} }"""
METADATA = """{ assetNodes(assetKeys: [{path: ["raw", "ticket", "ticket"]}, {path: ["candidate"]},
  {path: ["publication"]}]) {
  assetKey { path } assetMaterializations(limit: 1) { metadataEntries { label ... on IntMetadataEntry {
  intValue } ... on FloatMetadataEntry { floatValue } ... on PathMetadataEntry { path }
  ... on UrlMetadataEntry { url } } } } }"""


@pytest.fixture(scope="module")
def address(published_demo: Path) -> Iterator[str]:
    """`meritline ui` over the published state, until the tests are done."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "ui", "--state", str(published_demo), "--port", str(port)],
        cwd=PROJECT_ROOT,
        env=child_environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _answering(process, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        assert process.wait(timeout=120) == 128 + signal.SIGTERM
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the web server outlives the command"


def _answering(process: subprocess.Popen[bytes], address: str) -> str:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last:
        assert process.poll() is None, "the command ended"
        try:
            STRAIGHT.open(f"{address}/server_info", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return address
    raise AssertionError("the web UI does not answer")


def asked(address: str, query: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with STRAIGHT.open(request, timeout=60) as answer:
        found = json.load(answer)
    assert "errors" not in found, found
    return dict(found["data"])


def values(node: dict[str, Any]) -> dict[str, Any]:
    [materialization] = node["assetMaterializations"]
    return {
        entry["label"]: next((value for key, value in entry.items() if key != "label"), None)
        for entry in materialization["metadataEntries"]
    }


def test_the_page_is_served_on_loopback(address: str) -> None:
    with STRAIGHT.open(f"{address}/runs", timeout=30) as answer:
        page = answer.read().decode()
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")
    assert "/_next/static/" in page


def test_the_run_is_listed(address: str) -> None:
    [run] = asked(address, RUNS)["runsOrError"]["results"]
    assert run == {"status": "SUCCESS", "jobName": "nightly"}


def test_every_expectation_is_an_asset_check_with_its_outcome(address: str) -> None:
    [node] = asked(address, CALIBRATION)["assetNodes"]
    checks = node["assetChecksOrError"]["checks"]
    figures = values(node)
    assert len(checks) == figures["checks"] >= 60
    assert {one["executionForLatestMaterialization"]["status"] for one in checks} <= {"SUCCEEDED", "FAILED"}
    failed = [one for one in checks if one["executionForLatestMaterialization"]["status"] == "FAILED"]
    assert len(failed) == figures["failed_warning"] + figures["not_judged"], (
        "what is not judged is no green tick"
    )
    assert figures["passed"] + len(failed) == figures["checks"]
    assert figures["not_judged"] > 0
    assert figures["failed_critical"] == 0
    assert figures["stage_seconds"] > 0


def test_stages_tell_rows_rejects_durations_and_links(address: str) -> None:
    nodes = asked(address, METADATA)["assetNodes"]
    found = {"/".join(node["assetKey"]["path"]): values(node) for node in nodes}
    ticket = found["raw/ticket/ticket"]
    assert ticket["dagster/row_count"] > 0
    assert ticket["rejected_rows"] == 0
    assert found["candidate"]["dagster/row_count"] > ticket["dagster/row_count"]
    page = Path(str(found["publication"]["calibration"]))
    assert page.name == "calibration.html" and page.is_file(), "a path: browsers block file links"
    board = Path(str(found["publication"]["board"]))
    assert board.parts[-2:] == ("board", "index.html") and board.is_file()
    assert all(one["stage_seconds"] > 0 for one in found.values())
