"""Personal data: raw values of customers reach nothing that is written."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from tests.ingest_support import query, run, tree, write

TICKETS = (
    "ticket_id,created_at,customer_id,status,客户姓名,备注,Contact email\n"
    "T1,2026-10-05 09:00:00,13800138000,open,王小明,回电 13911112222 或 li@example.com,wang@example.com\n"
    "T2,2026-10-05 10:00:00, 13800138000 ,open,王小明,,wang@example.com\n"
    "T3,2026-10-05 11:00:00,cust-9,broken,赵六,见 13911112222,zhao@example.com\n"
    "T4,2026-10-05 11:00:00,cust-9,open,赵六,一行太多,zhao@example.com,更多 13911112222\n"
    'T5,2026-10-05 11:00:00,cust-9,open,"赵"六,x,zhao@example.com\n'
    "2026-10-05 11:00:00,cust-9,open,赵六\n"
)
ORDERS = "order_id,ordered_at,customer_id,amount,status\nO1,2026-10-05 12:00:00,13800138000,10,paid\n"
SECRETS = ("13800138000", "13911112222", "王小明", "赵", "@example.com", "cust-9")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    write(tmp_path / "landing/ticket/ticket.csv", TICKETS)
    write(tmp_path / "landing/crm/order.csv", ORDERS)
    report = run(tmp_path / "landing", tmp_path / "state", allow_rejects="0.9")
    assert not any(secret in str(report) for secret in SECRETS)
    return tmp_path / "state"


def test_the_same_customer_joins_across_tables(state: Path) -> None:
    tickets = query(state, "ticket.ticket", "SELECT DISTINCT customer_id FROM raw")
    assert tickets == query(state, "crm.order", "SELECT customer_id FROM raw")
    ((pseudonym,),) = tickets
    assert len(pseudonym) == 24
    key = bytes.fromhex((state / "pseudonym.key").read_text().strip())
    prefix = hashlib.sha256(key).hexdigest()[:32]
    assert pseudonym == hashlib.sha256((prefix + "13800138000").encode()).hexdigest()[:24]


def test_no_raw_value_is_written_anywhere(state: Path) -> None:
    for table in ("ticket.ticket", "crm.order", "run.rejected_row", "run.load_file"):
        for row in query(state, table):
            assert not any(secret in str(cell) for cell in row for secret in SECRETS), row
    for name, content in tree(state).items():
        # Uncompressed parts of files, such as statistics, must not give values away either.
        assert not any(secret.encode() in content for secret in SECRETS), name


def test_unknown_columns_are_kept_with_their_personal_content_masked(state: Path) -> None:
    assert query(state, "ticket.ticket", "SELECT _extra FROM raw WHERE ticket_id = 'T1'") == [
        ('{"客户姓名":"***","备注":"回电 *** 或 ***","Contact email":"***"}',)
    ]


def test_rejected_rows_are_still_of_use(state: Path) -> None:
    assert query(state, "run.rejected_row", "SELECT row_number, raw_text FROM raw ORDER BY 1") == [
        (4, "T3,2026-10-05 11:00:00,***,broken,***,见 ***,***"),
        (5, "T4,2026-10-05 11:00:00,***,***,***,***,***,***"),
        (6, "T5,2026-10-05 11:00:00,***,***,***,***,***"),
        # Three fields are missing: any field may be the customer's.
        (7, "***,***,***,***"),
    ]


def test_the_key_is_private_and_kept(state: Path, tmp_path: Path) -> None:
    key = state / "pseudonym.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    run(tmp_path / "landing", state, allow_rejects="0.9")
    assert key.read_bytes() == before
    key.chmod(0o644)
    with pytest.raises(ConfigurationError, match="other users may read"):
        run(tmp_path / "landing", state, allow_rejects="0.9")
    key.chmod(0o600)
    key.write_text("short")
    with pytest.raises(ConfigurationError, match="damaged"):
        run(tmp_path / "landing", state, allow_rejects="0.9")


def test_another_state_has_another_key(state: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    run(tmp_path / "landing", other, allow_rejects="0.9")
    assert query(state, "crm.order", "SELECT customer_id FROM raw") != query(
        other, "crm.order", "SELECT customer_id FROM raw"
    )


def test_a_profile_masks_and_drops_further_columns(tmp_path: Path) -> None:
    write(tmp_path / "landing/t.csv", "id,at,note,agent,place\n1,2026-10-05,secret words,Li Na,Room 5\n")
    profile = write(
        tmp_path / "p.yml",
        """
        profile: discreet
        files:
          - match: t.csv
            table: ticket.contact
            mask: [note, agent]
            drop: [place]
            columns:
              contact_id: {from: id}
              started_at: {from: at}
              channel: {value: phone}
              agent_id: {from: agent}
              category: {from: place}
        """,
    )
    run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    ((agent, category, extra),) = query(
        tmp_path / "state", "ticket.contact", "SELECT agent_id, category, _extra FROM raw"
    )
    assert len(agent) == 24
    assert category is None
    assert extra == '{"note":"***"}'
