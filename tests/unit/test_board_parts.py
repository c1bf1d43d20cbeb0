"""Parts of the boards: names of files, numbers, small pictures, words, charts, the setting."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import altair
import pytest
from jsonschema import ValidationError

from orchestration.board.charts import inside_script
from orchestration.board.figures import changed, money, shown
from orchestration.board.pictures import Aim, bullet, spark
from orchestration.board.waterfall import Step, total_step, waterfall
from orchestration.board.words import WORDS, both, pair, period_labels
from orchestration.board.write import address
from orchestration.errors import ConfigurationError
from orchestration.file_names import safe_name
from orchestration.settings import load_settings

BOARD = Path(__file__).parents[2] / "orchestration" / "board"
CHARTS = json.loads((BOARD / "assets" / "charts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("A0007", "A0007"),
        ("客服-1", "%E5%AE%A2%E6%9C%8D-1"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        (".", "%2E"),
        ("a/b\\c:d", "a%2Fb%5Cc%3Ad"),
        ("", "%"),
        ("-", "-"),
    ],
)
def test_any_id_is_a_name_of_a_file(name: str, file: str) -> None:
    assert safe_name(name) == file


def test_long_ids_that_begin_alike_have_files_of_their_own() -> None:
    one, two = (safe_name("客" * 200 + end) for end in "ab")
    assert one != two and max(len(one), len(two)) < 250


def test_a_link_to_an_encoded_name_is_encoded_once_more() -> None:
    assert address("lead", safe_name("售后/1"), "index.html").count("%25") == 7


def test_values_are_said_in_their_unit() -> None:
    assert shown(Decimal("0.92456"), "ratio") == "92.5%"
    assert shown(Decimal("57.7"), "s") == "58 s"
    assert shown(Decimal(43200), "s") == "12.0 h"
    assert shown(Decimal("-12.178"), "points of 100") == "−12.18"
    assert shown(None, "count") == "–"
    assert [shown(Decimal(one), "count") for one in ("0.5", "1200.000000", "3.257", "0")] == [
        "0.5",
        "1,200",
        "3.26",
        "0",
    ]
    assert shown(1204, "count") == "1,204"
    assert changed(Decimal("-0.5"), "count") == "−0.5" and changed(Decimal(20), "count") == "+20"
    assert money(Decimal("-1234.5")) == "−1,234.50"
    assert changed(Decimal("-0.005"), "ratio") == "−0.5 pp"


@pytest.mark.parametrize(
    ("value", "direction", "state"),
    [
        ("0.69", "higher", "floor"),
        ("0.7", "higher", "between"),
        ("0.95", "higher", "target"),
        ("1", "higher", "stretch"),
        ("130", "lower", "floor"),
        ("120", "lower", "between"),
        ("40", "lower", "target"),
        ("20", "lower", "stretch"),
    ],
)
def test_a_value_has_a_state_among_its_aims(value: str, direction: str, state: str) -> None:
    aims = ("0.7", "0.95", "1") if direction == "higher" else ("120", "40", "20")
    aim = Aim(Decimal(value), *(Decimal(one) for one in aims), direction)
    assert aim.state == state
    assert ("bar low" in bullet(aim)) == (state == "floor")


def test_better_is_right_whichever_way_a_kpi_counts() -> None:
    def width(value: str) -> float:
        found = re.search(r'"bar[^>]*width="([\d.]+)"', bullet(aim(value)))
        assert found is not None
        return float(found[1])

    def aim(value: str) -> Aim:
        return Aim(Decimal(value), Decimal(120), Decimal(40), Decimal(20), "lower")

    assert width("110") < width("60") < width("30")


def test_a_gap_in_a_line_stays_a_gap() -> None:
    line = spark([Decimal(1), Decimal(2), None, Decimal(3), Decimal(4)])
    assert line.count("<polyline") == 2
    assert spark([None, None]) == ""


def test_a_waterfall_ends_where_its_steps_lead() -> None:
    steps = [Step("一", "one", Decimal(500)), Step("一", "one", Decimal("-120.5"))]
    chart = waterfall([*steps, total_step(Decimal("379.5"))], caption=("", ""))
    rows = [dict(zip(chart.columns, row, strict=True)) for row in chart.rows]
    assert [(row["low"], row["high"], row["kind"]) for row in rows] == [
        (0, 500, "up"),
        (Decimal("379.5"), 500, "down"),
        (0, Decimal("379.5"), "total"),
    ]
    assert len({row["label_zh"] for row in rows}) == len(rows), "lines of one label are bars of their own"


def test_texts_leave_neither_an_element_nor_a_script() -> None:
    assert "<b>" not in both("<b>", "x")
    assert "</script" not in inside_script(json.dumps("</script><!--"))
    assert json.loads(inside_script(json.dumps("</script>&"))) == "</script>&"


def test_periods_have_names() -> None:
    assert period_labels("2026-10") == ("2026年10月", "Oct 2026")
    assert period_labels("2026-Q4") == ("2026年第4季度", "Q4 2026")
    assert period_labels("2026") == ("2026年", "2026")


def test_every_word_is_said_and_every_said_word_is_there() -> None:
    texts = "\n".join(
        path.read_text(encoding="utf-8")
        for path in BOARD.rglob("*")
        if path.suffix in (".py", ".html", ".js") and path.is_file()
    )
    known = {f"{group}.{name}" for group, names in WORDS.items() for name in names}
    # Words of codes: a state, a signal, a role …
    built = (
        *("signals.", "statuses.", "suites.", "pay_kinds.", "page.state_"),
        *("page.provisional", "page.final", "page.settled", "page.index", "index.teams", "index.agents"),
        *("payroll.appeared", "payroll.vanished", "payroll.far", "bi.flagged", "bi.is_low", "bi.in_order"),
        *(f"page.{name}" for name in ("bi", "lead", "agent", "payroll")),
    )
    said = set(re.findall(rf"""['"]((?:{"|".join(WORDS)})\.[a-z_]+)['"]""", texts))
    assert said - {"index.html", "page.state_"} <= known
    unsaid = {one for one in known - said if not one.startswith(built)}
    assert unsaid == set()
    assert pair("signals.own_of_a_site") == ("own_of_a_site", "own_of_a_site")


def filled(spec: Any) -> Any:
    """A specification as the script fills it."""
    if isinstance(spec, list):
        return [filled(one) for one in spec]
    if not isinstance(spec, dict):
        return spec
    if spec.keys() == {"zh", "en"}:
        return spec["zh"]
    if spec.keys() == {"css"}:
        return "#123456"
    if spec.keys() == {"said"}:
        values = {"tall": 100, "days": 31, "least": 0, "most": 9, "format": ".1%", "amounts": ",.2f"}
        return values.get(spec["said"], "x")
    return {key: filled(value) for key, value in spec.items()}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_one_that_vega_lite_knows(name: str) -> None:
    spec = {**filled(CHARTS[name]), "data": {"values": []}}
    altair.Chart.from_dict(spec)
    spec["encodings"] = {}
    with pytest.raises(ValidationError):
        altair.Chart.from_dict(spec)


def test_colours_are_those_of_the_sheet_in_light_and_dark() -> None:
    sheet = (BOARD / "assets" / "board.css").read_text(encoding="utf-8")
    light, dark = (
        set(re.findall(r"(--[a-z0-9-]+):", part)) for part in sheet.split("prefers-color-scheme:dark")[:2]
    )
    asked = set(re.findall(r'"css": "(--[a-z0-9-]+)"', json.dumps(CHARTS))) | set(
        re.findall(r"var\((--[a-z0-9-]+)\)", sheet)
    )
    assert asked <= light and asked <= dark


def test_the_setting_says_whose_boards_are_made() -> None:
    assert load_settings({}).boards == ("bi", "lead", "agent", "payroll")
    assert load_settings({"MERITLINE_BOARD": "payroll, bi"}).boards == ("bi", "payroll")
    assert load_settings({"MERITLINE_BOARD": "none"}).boards == ()
    with pytest.raises(ConfigurationError, match="no audience"):
        load_settings({"MERITLINE_BOARD": "bi,everybody"})
