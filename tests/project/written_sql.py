"""A dbt file as it is written: its SQL with placeholders for Jinja expressions, and what those hold.

Conventions about what people write (literals, quoting, functions) are checked before macros are expanded: in
compiled SQL a conversion factor of a macro and a policy number of a model look alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import jinja2
from jinja2 import nodes
from sqlglot.dialects import DuckDB
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

PLACEHOLDER = "jinja_expression"
PRECISION_ARGUMENTS = frozenset({"scale", "decimals", "position"})
"""Keyword of the rounding macros: digits kept, part of the result's type and no policy."""


@dataclass
class WrittenSql:
    """SQL with a placeholder for each Jinja expression, line by line; and what the expressions hold."""

    text: str = ""
    fragments: list[tuple[int, str]] = field(default_factory=list)
    numbers: list[tuple[int, str]] = field(default_factory=list)
    names: list[tuple[int, str]] = field(default_factory=list)

    def pieces(self) -> Iterator[tuple[int, str]]:
        """Line and text of the SQL and of every string in an expression, which may be SQL too."""
        yield 1, self.text
        yield from self.fragments


@dataclass(frozen=True)
class Word:
    """A token: its text, in lower case unless a string or quoted name, its line and its kind."""

    text: str
    line: int
    kind: TokenType

    @property
    def is_string(self) -> bool:
        return self.kind == TokenType.STRING

    @property
    def is_number(self) -> bool:
        return self.kind == TokenType.NUMBER

    @property
    def is_quoted_name(self) -> bool:
        return self.kind == TokenType.IDENTIFIER


def read_written(source: str) -> WrittenSql:
    """The parts of a model or macro file. Raises jinja2.TemplateSyntaxError for what is no template."""
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).parse(source)
    written = WrittenSql()
    for node in template.body:
        _read_node(node, written)
    return written


def read_macros(source: str) -> dict[str, WrittenSql]:
    """The macros and generic tests of a file by name, each read on its own."""
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).parse(source)
    macros = {}
    for node in template.find_all(nodes.Macro):
        macros[node.name] = WrittenSql()
        _read_node(node, macros[node.name])
    return macros


def words(sql: str, first_line: int = 1) -> list[Word]:
    """Tokens of a piece of SQL. Raises TokenError where quotes do not pair."""
    found = DuckDB.Tokenizer().tokenize(sql)
    return [
        Word(
            token.text if token.token_type in _VERBATIM else token.text.lower(),
            token.line + first_line - 1,
            token.token_type,
        )
        for token in found
    ]


def words_of_pieces(written: WrittenSql) -> Iterator[list[Word]]:
    """Tokens of every piece; a fragment whose quotes do not pair is read once more without them."""
    for line, text in written.pieces():
        try:
            yield words(text, line)
        except TokenError:
            yield words(text.replace("'", " ").replace('"', " "), line)


_VERBATIM = (TokenType.STRING, TokenType.IDENTIFIER)


def _read_node(node: nodes.Node, written: WrittenSql) -> None:
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            _pad_to(part.lineno, written)
            if isinstance(part, nodes.TemplateData):
                written.text += part.data
            else:
                written.text += PLACEHOLDER
                _read_expression(part, written)
    elif isinstance(node, nodes.Macro):
        for name, default in zip(
            node.args[len(node.args) - len(node.defaults) :], node.defaults, strict=True
        ):
            if name.name not in PRECISION_ARGUMENTS:
                _read_expression(default, written)
        for child in node.body:
            _read_node(child, written)
    else:
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                _read_expression(child, written)
            else:
                _read_node(child, written)


def _read_expression(node: nodes.Node, written: WrittenSql) -> None:
    if (
        isinstance(node, nodes.Keyword)
        and node.key in PRECISION_ARGUMENTS
        and not (isinstance(node.value, nodes.Const) and isinstance(node.value.value, str))
    ):
        return
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            written.fragments.append((node.lineno, node.value))
        elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
            written.numbers.append((node.lineno, str(node.value)))
    elif isinstance(node, nodes.TemplateData):
        written.fragments.append((node.lineno, node.data))
    elif isinstance(node, nodes.Name):
        written.names.append((node.lineno, node.name))
    elif isinstance(node, nodes.Getattr):
        written.names.append((node.lineno, node.attr))
    for child in node.iter_child_nodes():
        _read_expression(child, written)


def _pad_to(line: int, written: WrittenSql) -> None:
    missing = line - 1 - written.text.count("\n")
    if missing > 0:
        written.text += "\n" * missing
