"""Personal data at the door: keyed hashes for what must still join, masks for what only has to be gone.

Raw values of customers reach neither raw Parquet, warehouse, logs nor rejects. The key never leaves the state
folder, so that a hash cannot be tried out against a list of phone numbers.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.errors import ConfigurationError

KEY_FILE = "pseudonym.key"
MASK = "***"

_PERSONAL_WORDS = re.compile(
    r"(^|_)(first|last|full|given|family|nick|user|customer|client|contact|caller|visitor|requester|guest|member)?"
    r"_?(names?|phones?|mobiles?|tel|telephone|cell|e_?mails?|mails?|address(es)?|wechat|weixin|qq|whatsapp|ip"
    r"|id_?card|passport|birth_?(day|date)|customer|client|caller|requester|visitor)(_|$)",
    re.IGNORECASE,
)
_PERSONAL_CHINESE = re.compile(
    "姓名|名称|昵称|称呼|手机|电话|联系方式|联系人|邮箱|邮件|电子邮|地址|身份证|证件|微信|QQ|生日|客户|访客|顾客|用户|会员|来电号码|主叫",
    re.IGNORECASE,
)
MAIL = r"[\w.+-]+@[\w-]+\.[\w.-]+"
PHONE = (
    r"\+\d{1,3}[ -]?\d[\d -]{6,}\d"  # international
    r"|\b(86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}\b"  # mobile
    r"|\b0\d{2,3}-\d{7,8}\b"  # landline
    r"|\b\d{17}[\dXx]\b"  # identity card
)


def load_key(state: Path) -> bytes:
    """The state folder's secret key, made on first use with mode 0600.

    Raises ConfigurationError when the file is damaged or others may read it.
    """
    path = state / KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    with os.fdopen(handle, "w") as stream:
        stream.write(secrets.token_hex(32) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return _read_key(path)


def _read_key(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(
            path=path,
            problem="other users may read the key of the pseudonyms",
            remedy=f"Run chmod 600 {path.name} in the state folder, or start over with a new state folder",
        )
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ConfigurationError(
            path=path,
            problem="the key of the pseudonyms is damaged",
            remedy="Restore the file from a backup; another key breaks joins with earlier loads",
        )
    return bytes.fromhex(text)


def set_key(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection the key of the hash, as a variable: no statement text shows it."""
    connection.execute("SET VARIABLE pseudonym_key = $1", [hashlib.sha256(key).hexdigest()[:32]])


def looks_personal(header: str) -> bool:
    """Whether a column's name says that it holds names, numbers or addresses of people."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]+", "_", header)
    return bool(_PERSONAL_WORDS.search(parts) or _PERSONAL_CHINESE.search(header))


def scrubbed(text: str) -> str:
    """A text with mail addresses, phone and identity numbers masked, wherever they stand in it."""
    return re.sub(PHONE, MASK, re.sub(MAIL, MASK, text, flags=re.ASCII), flags=re.ASCII)


def masked_record(
    text: str, *, delimiter: str, columns: int, personal: Iterable[int], is_broken: bool
) -> str:
    """A record whose fields cannot be trusted, with everything masked that may be personal.

    Fields stand where their columns are or up to `columns - found` places further left, so all from there on
    are masked; in a record with broken quotes also all from the first quoted field on.
    """
    first = min(personal, default=None)
    if first is None:
        return scrubbed(text)
    fields = text.split(delimiter)
    start = max(0, first - max(0, columns - len(fields)))
    if is_broken:
        quoted = next((index for index, value in enumerate(fields) if '"' in value), len(fields))
        start = min(start, quoted)
    kept = [scrubbed(value) for value in fields[:start]]
    return delimiter.join(kept + [MASK] * (len(fields) - start))
