"""Rows of the policy in force that differ between two publications, as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestration.audit.diff.pair import Pair, said
from orchestration.audit.relations import key_text
from orchestration.text import in_words

NOT_SAID = ("input_key", "period_kind", "label_en", "label_zh", "clause_id", "value_origin")
"""Columns of which a row that came or went says nothing."""


@dataclass(frozen=True)
class PolicyChange:
    """A row of a policy relation that only one publication has, or that differs, in words (`what`). `key` is
    what it is of beside its period, `input_key` how a number names it; `is_one_sided`: it came or went.
    """

    model: str
    period_id: str
    input_key: str
    key: Mapping[str, str]
    what: str
    is_one_sided: bool = False

    def __str__(self) -> str:
        name = self.model.removeprefix("policy_").replace("_", " ")
        key = ", ".join(
            (f"{name} of {self.period_id}", *(f"{one} {value}" for one, value in self.key.items() if value))
        )
        return f"{key}: {self.what}"


def policy_changes(pair: Pair) -> Iterator[PolicyChange]:
    """The rows that differ, by relation and key; none of periods that are new."""
    for relation, key in pair.keys.items():
        schema, model = relation.split(".")
        compared = [name for name in pair.columns[relation] if name not in key]
        if schema != "policy" or key[0] != "period_id" or not compared:
            continue
        rows = f"select *, {key_text(key)} as input_key from {{side}}.{relation}"
        for row in pair.changed(rows, key, compared):
            what = said(row, compared)
            is_one_sided = not (row["is_in_a"] and row["is_in_b"])
            if is_one_sided:
                side, word = ("b", "new") if row["is_in_b"] else ("a", "gone")
                values = {name: row[f"{name}_{side}"] for name in compared if name not in NOT_SAID}
                shown = [
                    f"{name.replace('_', ' ')} {in_words(value)}" for name, value in values.items() if value
                ]
                what = [f"{word} ({', '.join(shown)})"]
            if row["period_id"] not in pair.new_periods:
                input_key = row["input_key_b"] or row["input_key_a"]
                key_words = {name: in_words(row[name]) for name in key[1:]}
                yield PolicyChange(
                    model, row["period_id"], input_key, key_words, ", ".join(what), is_one_sided
                )
