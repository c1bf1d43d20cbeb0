"""What SQL may say: no clock, no policy number, only what both engines read alike. Rules return sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from tests.project.written_sql import Word, WrittenSql, words, words_of_pieces

LINE_LENGTH = 120

CLOCKS_AND_DICE = {
    *("now", "today", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"),
    *(
        "get_current_timestamp",
        "transaction_timestamp",
        "statement_timestamp",
        "clock_timestamp",
        "unix_timestamp",
    ),
    *(
        "getdate",
        "sysdate",
        "curdate",
        "age",
        "random",
        "rand",
        "randn",
        "setseed",
        "uuid",
        "uuidv4",
        "uuidv7",
    ),
    *("gen_random_uuid", "nextval", "monotonically_increasing_id", "tablesample", "shuffle"),
}
BARE_CLOCKS = {
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "tablesample",
}
"""Those that need no parentheses."""

COMPILE_TIME_CLOCKS = {
    "run_started_at",
    "invocation_id",
    "modules",
    "current_timestamp",
    "env_var",
    "var",
    "run_query",
}
"""Names by which a template would bring time, environment or the warehouse's state into a model."""

ORDER_DEPENDENT = {
    *(
        "any_value",
        "arbitrary",
        "first",
        "last",
        "list",
        "array_agg",
        "string_agg",
        "listagg",
        "group_concat",
    ),
    *("collect_list", "collect_set", "mode", "approx_count_distinct", "approx_quantile"),
}

BOTH_ENGINES = {
    *(
        "abs",
        "cast",
        "ceil",
        "coalesce",
        "count",
        "date_trunc",
        "dense_rank",
        "extract",
        "first_value",
    ),
    *(
        "floor",
        "greatest",
        "lag",
        "lead",
        "least",
        "length",
        "lower",
        "lpad",
        "max",
        "max_by",
        "md5",
        "min",
        "min_by",
    ),
    *("nullif", "rank", "replace", "row_number", "split_part", "sqrt", "substr", "substring", "sum", "trim"),
    *("try_cast", "upper"),
}
"""Functions that give the same on DuckDB and Spark for the types we use; others go into a macro."""

NO_FUNCTIONS = {
    *(
        "and",
        "as",
        "asc",
        "between",
        "by",
        "case",
        "cross",
        "desc",
        "distinct",
        "else",
        "end",
        "except",
        "exists",
    ),
    *(
        "filter",
        "from",
        "group",
        "having",
        "in",
        "inner",
        "intersect",
        "is",
        "join",
        "left",
        "like",
        "not",
        "null",
    ),
    *(
        "on",
        "or",
        "order",
        "over",
        "partition",
        "select",
        "then",
        "union",
        "union all",
        "using",
        "values",
        "when",
    ),
    *(
        "where",
        "with",
        "group by",
        "order by",
        "partition by",
        "decimal",
        "materialized",
        "interval",
        "jinja_expression",
    ),
}
"""Words that stand before a parenthesis without being called."""

FORBIDDEN_WORDS = {
    "qualify": "QUALIFY is DuckDB's; rank in a CTE and filter on it",
    "asof": "ASOF joins are DuckDB's",
    "positional": "POSITIONAL joins are DuckDB's",
    "unnest": "UNNEST and EXPLODE differ",
    "explode": "UNNEST and EXPLODE differ",
    "lateral": "LATERAL differs",
    "exclude": "* EXCLUDE is DuckDB's; name the columns",
    "pivot": "PIVOT differs",
    "unpivot": "UNPIVOT differs",
    "arg_max": "say max_by",
    "arg_min": "say min_by",
    "hash": "HASH differs; say md5 over text",
    "avg": "an average rounds as the engine likes; say ratio(sum, count)",
    "mean": "an average rounds as the engine likes; say ratio(sum, count)",
    "timestamptz": "times are UTC timestamps",
    "double": "DOUBLE is inexact; say decimal(p, s)",
    "float": "FLOAT is inexact; say decimal(p, s)",
    "real": "REAL is inexact; say decimal(p, s)",
    "varchar": "say string",
    "text": "say string",
    "hugeint": "HUGEINT is DuckDB's; say wide_integer_type()",
    "timezone": "zones are converted once, in local_date()",
    "zone": "zones are converted once, in local_date()",
}
FORBIDDEN_SIGNS = {
    TokenType.SLASH: "division happens in ratio() and integer_division()",
    TokenType.DIV: "integer division happens in integer_division()",
    TokenType.MOD: "% differs on negative numbers",
    TokenType.DCOLON: "say cast(x as type)",
    TokenType.L_BRACKET: "list literals and subscripts differ",
    TokenType.L_BRACE: "struct literals differ",
}
NUMBER_IN_TEXT = re.compile(r"^\s*([+-]?\d+(?:[.,]\d*)?(?:[eE][+-]?\d+)?)\s*(?:%|[a-z]+s?)?\s*$")
DATE_IN_TEXT = re.compile(r"^\s*\d{4}-\d{2}(-\d{2})?")
OPEN_END = "9999-12-31"
"""The end of an interval that has none."""


def clocks_and_dice(sql: str) -> list[str]:
    """Calls in compiled SQL that change from run to run, and aggregates that depend on the order of rows."""
    found = []
    for word, following in _pairs(words(sql)):
        if word.is_string or word.is_number:
            continue
        is_called = following is not None and following.kind == TokenType.L_PAREN
        if word.text in CLOCKS_AND_DICE and (is_called or word.text in BARE_CLOCKS):
            found.append(f"line {word.line}: {word.text} gives another result on every run")
        elif word.text in ORDER_DEPENDENT and is_called:
            found.append(f"line {word.line}: {word.text}() depends on the order of rows")
    return found + _unordered_row_numbers(sql) + _unordered_limits(sql)


def compile_time_clocks(written: WrittenSql) -> list[str]:
    """Template names that would bring the time, the environment or the warehouse's state into a model."""
    return [
        f"line {line}: {{{{ {name} }}}} makes the model depend on when and where it is compiled"
        for line, name in written.names
        if name in COMPILE_TIME_CLOCKS
    ]


def policy_numbers(written: WrittenSql, allowed: Iterable[str] = ()) -> list[str]:
    """Numbers for seeds/policy: literals but 0 and 1, also in strings; `allowed` are conversions."""
    exempt = {Decimal(number) for number in allowed} | {Decimal(0), Decimal(1)}
    found = [
        f"line {line}: {number} in a template expression"
        for line, number in written.numbers
        if Decimal(number) not in exempt
    ]
    for piece in words_of_pieces(written):
        in_type = _type_parameters(piece)
        for position, word in enumerate(piece):
            if word.is_number and position not in in_type and _number(word.text) not in exempt:
                found.append(f"line {word.line}: {word.text}")
            elif word.is_string and _is_disguised_number(word.text, exempt):
                found.append(f"line {word.line}: '{word.text}'")
    return found


def used_numbers(written: WrittenSql) -> set[Decimal]:
    """Values of every number literal outside type parameters: what an exemption may rest on."""
    used = {Decimal(number) for _, number in written.numbers}
    for piece in words_of_pieces(written):
        in_type = _type_parameters(piece)
        for position, word in enumerate(piece):
            if word.is_number and position not in in_type:
                used.add(_number(word.text))
            elif word.is_string and (match := NUMBER_IN_TEXT.match(word.text)):
                used.add(_number(match[1]))
    return used


def unportable_writing(written: WrittenSql) -> list[str]:
    """Words, signs, types and functions that the engines read differently, as written for both of them."""
    found = []
    for piece in words_of_pieces(written):
        previous = ""
        for word, following in _pairs(piece):
            before, previous = previous, word.text
            if word.is_string or word.is_number:
                continue
            if word.is_quoted_name:
                found.append(f'line {word.line}: "{word.text}" is a string on Spark; name it without quotes')
            elif word.kind in FORBIDDEN_SIGNS:
                found.append(f"line {word.line}: {FORBIDDEN_SIGNS[word.kind]}")
            elif word.text in FORBIDDEN_WORDS and not _is_column(word, following, piece):
                found.append(f"line {word.line}: {FORBIDDEN_WORDS[word.text]}")
            elif word.text in ("decimal", "numeric") and not _opens(following):
                found.append(
                    f"line {word.line}: {word.text} without precision is (18, 3) here and (10, 0) there"
                )
            elif before == "as":
                continue  # what it is called, be it with names of columns behind it
            elif _opens(following) and _is_name(word) and word.text not in BOTH_ENGINES | NO_FUNCTIONS:
                found.append(f"line {word.line}: {word.text}() has not been tried on both engines")
    return found


def unstated_null_orders(sql: str) -> list[str]:
    """Order items of compiled SQL that leave it to the engine where NULLs go."""
    found = []
    tokens = words(sql)
    for position, word in enumerate(tokens):
        if word.text != "order by":
            continue
        for item in _items(tokens, position + 1):
            said = [part.text for part in item[-2:]]
            if item and said not in (["nulls", "first"], ["nulls", "last"]):
                found.append(
                    f"line {item[0].line}: {' '.join(part.text for part in item)} says nothing of nulls"
                )
    return found


def _is_column_of_nodes(literal: exp.Expression) -> bool:
    """Whether a list or struct stands in the column `nodes`, which macros write for each engine."""
    alias = literal.find_ancestor(exp.Alias)
    while alias is not None and alias.alias != "nodes":
        alias = alias.find_ancestor(exp.Alias)
    return alias is not None


def unportable_structure(sql: str) -> list[str]:
    """What the parsed statement shows: faults of syntax, stars across joins, group by all, lambdas …"""
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError as error:
        return [f"does not parse: {str(error).splitlines()[0]}"]
    found = _queries_from_from(sql)
    for select in tree.find_all(exp.Select):
        bare_star = any(isinstance(one, exp.Star) for one in select.expressions)
        if bare_star and select.args.get("joins"):
            found.append("select * across a join: name the columns")
        group = select.args.get("group")
        if group is not None and (
            group.args.get("all") or group.args.get("cube") or group.args.get("rollup")
        ):
            found.append("group by all, cube or rollup")
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            found.append("distinct on")
    for kind, name in (
        (exp.Array, "a list literal"),
        (exp.Struct, "a struct literal"),
        (exp.Lambda, "a lambda"),
    ):
        if any(not _is_column_of_nodes(one) for one in tree.find_all(kind)):
            found.append(name)
    found += [
        f"by name: {type(union).__name__.lower()}"
        for union in tree.find_all(exp.SetOperation)
        if union.args.get("by_name")
    ]
    return found


def unparsable_on_spark(sql: str) -> list[str]:
    """Whether SQL rendered for Spark is Spark SQL."""
    try:
        statements = sqlglot.parse(sql, read="spark")
    except SqlglotError as error:
        return [f"Spark cannot parse it: {str(error).splitlines()[0]}"]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return ["Spark would not see one query"]
    return []


def foreign_tables(sql: str, known: Iterable[str], *, may_read_files: bool = False) -> list[str]:
    """Tables and files of compiled SQL that no ref() or source() named: edges that the graph does not know.

    `known` are `schema.name`; a source is, in DuckDB, a table function that only its readers may hold.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    allowed = set(known)
    found = []
    for table in tree.find_all(exp.Table):
        name = f"{table.db}.{table.name}" if table.db else table.name
        if not isinstance(table.this, exp.Identifier):
            if not may_read_files:
                found.append(f"{table.this.sql()[:60]} is read without source()")
        elif name not in allowed and (table.db or name not in own):
            found.append(f"{name} is read without ref() or source()")
    return found


def layout_faults(source: str) -> list[str]:
    """First line states the grain; lines within the limit; keywords in lower case; no tabs."""
    found = []
    lines = source.splitlines()
    if not lines or not re.match(r"-- Grain: \S.*[.]$", lines[0]):
        found.append("line 1: must be `-- Grain: ….`")
    return found + overlong_lines(lines)


def overlong_lines(lines: Sequence[str]) -> list[str]:
    """Lines longer than the limit, or with a tab or a blank at the end."""
    found = []
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_LENGTH:
            found.append(f"line {number}: {len(line)} columns, at most {LINE_LENGTH}")
        if "\t" in line or line != line.rstrip():
            found.append(f"line {number}: tab or trailing blank")
    return found


def shouted_keywords(written: WrittenSql) -> list[str]:
    """Upper-case words of the SQL text outside strings."""
    from sqlglot.dialects import DuckDB

    return [
        f"line {token.line}: {token.text} in upper case"
        for token in DuckDB.Tokenizer().tokenize(written.text)
        if token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NUMBER)
        and token.text != token.text.lower()
        and token.text not in _JOINED_KEYWORDS
    ]


def undispatched(macros: Mapping[str, str]) -> list[str]:
    """Macros that one engine has a version of and the other not; `macros` are bodies by name."""
    names = set(macros)
    found = []
    for name in sorted(names):
        engine, _, base = name.partition("__")
        if engine == "default" and f"spark__{base}" not in names:
            found.append(f"{name} has no spark__{base} beside it")
        if engine == "spark" and f"default__{base}" not in names:
            found.append(f"{name} has no default__{base} beside it")
        if engine in ("default", "spark") and base not in names:
            found.append(f"{name} is dispatched by no macro {base}")
    return found


_JOINED_KEYWORDS = {"GROUP BY", "ORDER BY", "PARTITION BY", "UNION ALL"}
"""The tokenizer writes these itself."""


def _pairs(piece: Sequence[Word]) -> Iterable[tuple[Word, Word | None]]:
    return zip(piece, [*piece[1:], None][: len(piece)], strict=True)


def _opens(word: Word | None) -> bool:
    return word is not None and word.kind == TokenType.L_PAREN


def _is_name(word: Word) -> bool:
    return re.fullmatch(r"[a-z_][a-z0-9_]*( [a-z]+)?", word.text) is not None


def _is_column(word: Word, following: Word | None, piece: Sequence[Word]) -> bool:
    position = next(index for index, other in enumerate(piece) if other is word)
    before = piece[position - 1] if position else None
    if before is not None and before.kind == TokenType.DOT:
        return True
    return (
        before is not None and before.text == "as" and not _in_cast(piece, position) and not _opens(following)
    )


def _in_cast(piece: Sequence[Word], position: int) -> bool:
    depth = 0
    for index in range(position - 1, 0, -1):
        kind = piece[index].kind
        if kind == TokenType.R_PAREN:
            depth += 1
        elif kind == TokenType.L_PAREN:
            if depth == 0:
                return piece[index - 1].text in ("cast", "try_cast")
            depth -= 1
    return False


def _type_parameters(piece: Sequence[Word]) -> set[int]:
    inside: set[int] = set()
    for position, word in enumerate(piece[:-1]):
        if word.text in ("decimal", "numeric") and _opens(piece[position + 1]):
            index = position + 2
            while index < len(piece) and piece[index].kind != TokenType.R_PAREN:
                inside.add(index)
                index += 1
    return inside


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace("_", "").replace(",", "."))
    except InvalidOperation:
        return Decimal("NaN")


def _is_disguised_number(text: str, exempt: set[Decimal]) -> bool:
    if DATE_IN_TEXT.match(text):
        return text != OPEN_END
    match = NUMBER_IN_TEXT.match(text)
    return match is not None and _number(match[1]) not in exempt


def _queries_from_from(sql: str) -> list[str]:
    tokens = words(sql)
    return [
        f"line {word.line}: a query that starts with FROM"
        for before, word in zip([None, *tokens], tokens, strict=False)
        if word.text == "from"
        and (before is None or before.kind == TokenType.L_PAREN or before.text.startswith("union"))
    ]


def _items(tokens: Sequence[Word], start: int) -> Iterable[list[Word]]:
    depth, item = 0, list[Word]()
    for word in tokens[start:]:
        if word.kind == TokenType.L_PAREN:
            depth += 1
        elif word.kind == TokenType.R_PAREN:
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and word.kind == TokenType.COMMA:
            yield item
            item = []
            continue
        elif depth == 0 and word.text in (
            "rows",
            "range",
            "groups",
            "limit",
            "offset",
            "union",
            "union all",
            ";",
        ):
            break
        item.append(word)
    yield item


def _unordered_row_numbers(sql: str) -> list[str]:
    tree = _parsed(sql)
    ordered = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.FirstValue)
    return [
        f"{type(window.this).__name__}() without an order"
        for window in (tree.find_all(exp.Window) if tree else ())
        if isinstance(window.this, ordered) and not window.args.get("order")
    ]


def _unordered_limits(sql: str) -> list[str]:
    tree = _parsed(sql)
    return [
        "limit without order by"
        for query in (tree.find_all(exp.Query) if tree else ())
        if query.args.get("limit") and not query.args.get("order")
    ]


def _parsed(sql: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return None
