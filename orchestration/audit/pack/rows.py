"""The rows of an evidence pack as a publication of one agent: the same questions, answered offline."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.audit.pack.write import DATA
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.verify.memory import memory_ran_out
from orchestration.errors import MeritlineError
from orchestration.state.memory import connect

TYPE = re.compile(r"[A-Z_]+(\(\d+,\d+\))?( WITH TIME ZONE)?(\[\])*")
NAME = re.compile(r"[a-z_0-9]+")


class PackUnreadable(MeritlineError):
    """The file is no evidence pack, or a damaged one."""


def read_members(path: Path) -> dict[str, bytes]:
    """The files of a pack by name. Raises PackUnreadable."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError) as error:
        raise PackUnreadable(
            path=path, problem=f"is no readable zip ({error})", remedy="Ask for the pack again"
        ) from error
    except Exception as error:  # zlib.error and friends: a damaged member
        raise PackUnreadable(
            path=path, problem=f"is damaged ({error})", remedy="Ask for the pack again"
        ) from error


class PackFile(AuditFile):
    """The relations in a pack, as tables of a private database. Raises PackUnreadable."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self.folder = self.path = Path(DATA)
        self._database = connect()
        self._database.execute("attach ':memory:' as publication")
        self._database.execute("use publication")
        for name, content in members.items():
            if name.startswith(DATA):
                self._create(name, content)
        self._columns = self._columns_of()

    def _create(self, member: str, content: bytes) -> None:
        relation = member.removeprefix(DATA).removesuffix(".json")
        try:
            schema, table = relation.split(".")
            read = json.loads(content)
            columns = {str(name): str(kind) for name, kind in read["columns"]}
            for name, kind in {schema: "VARCHAR", table: "VARCHAR", **columns}.items():
                if not (NAME.fullmatch(name) and TYPE.fullmatch(kind)):
                    raise ValueError(f"column {name} {kind}")
            if any(len(row) != len(columns) for row in read["rows"]):
                raise ValueError(f"rows have not {len(columns)} columns")
            cells = ", ".join(
                f'cast(row[{place}] as {kind}) as "{name}"'
                for place, (name, kind) in enumerate(columns.items(), 1)
            )
            self._database.execute(f'create schema if not exists "{schema}"')
            self._database.execute(
                f'create table "{schema}"."{table}" as select {cells} '
                "from (select unnest(from_json($rows, '[[\"VARCHAR\"]]')) as row)",
                {"rows": json.dumps(read["rows"])},
            )
        except (KeyError, ValueError, TypeError, duckdb.Error) as error:
            # Its texts are in memory already, and claim no more than they are long.
            if (known := memory_ran_out(error)) is not None:
                raise known from error
            problem = f"does not read ({type(error).__name__}: {str(error).splitlines()[0]})"
            raise PackUnreadable(path=member, problem=problem, remedy="Ask for the pack again") from error


class PackData:
    """A pack for checks that are queries over `scan`."""

    def __init__(self, pack: PackFile) -> None:
        self._pack = pack

    def has(self, relation: str) -> bool:
        """Whether the pack has the relation."""
        return self._pack.has(relation)

    def scan(self, relation: str) -> str:
        """The relation as a table expression."""
        return ".".join(f'"{part}"' for part in relation.split("."))

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of a relation."""
        return self._pack.select(relation)

    def query(self, sql: str, values: Sequence[object] = (), *, relation: str) -> Iterator[Row]:
        """Rows of a query."""
        yield from self._pack.query(sql, values)
