"""docs/profiles.md: the profile that it shows is read as it says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from tests.ingest_support import ROOT, query, rejected, run, write

ROWS = """编号,日期,时间,状态,客服,更新时间
T1,05/10/2026,10:00,已解决,A1,2026-10-05 12:00:00 CST
T2,05/10/2026,10:00,处理中,A1,2026-10-05 12:00:00
T3,05/10/2026,11:00,,A1,2026-10-05 12:00:00
T4,05/10/2026,11:00,草稿,A1,2026-10-05 12:00:00
T5,05/10/2026,,已关闭,A1,2026-10-05 12:00:00
"""


def test_the_example_reads_as_the_document_says(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    profile = write(tmp_path / "acme.yml", example)
    write(tmp_path / "landing" / "Tickets_1.csv", ROWS, encoding="gb18030")
    run(
        tmp_path / "landing",
        tmp_path / "state",
        profiles=(profile,),
        as_of=dt.date(2026, 10, 5),
        allow_rejects="0.5",
    )
    found = query(
        tmp_path / "state",
        "ticket.ticket",
        "SELECT ticket_id, created_at::VARCHAR, status, solved_at::VARCHAR, channel FROM raw ORDER BY ALL",
    )
    assert found == [
        ("T1", "2026-10-05 02:00:00", "solved", "2026-10-05 04:00:00", "phone"),
        ("T2", "2026-10-05 02:00:00", "open", None, "phone"),
        ("T3", "2026-10-05 03:00:00", "new", None, "phone"),
    ]
    assert [(row, kind, why) for _, row, _, kind, why in rejected(tmp_path / "state")] == [
        (5, "excluded", "left out by the profile's where"),
        (6, "fault", "created_at is empty"),
    ]
