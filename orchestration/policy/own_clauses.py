"""A site's own documents and rules, `clauses.yml`:

```yaml
documents:
  ACME: {title_en: ACME service desk bonus plan 2026, title_zh: ACME 客服奖金方案 2026}
clauses:
  ACME-01:
    document: ACME                    # left out: a convention of the site that no document says
    title: 夜班补贴
    zh: 每个夜班补贴 30 元。
    en: Thirty yuan for each night shift.
    quote: 夜班每班补贴叁拾元整        # the document's own words; a list where they stand apart
```
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from orchestration.errors import ConfigurationError

DOCUMENTS, RULES = "documents", "clauses"

Content = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Documents by letter and rules by id, as they are written."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]*$")]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnDocument(_Strict):
    """A document of the site, by its titles."""

    title_en: Text
    title_zh: Text


class OwnRule(_Strict):
    """A rule of the site: what it says in both languages, and its document's own words where it has one."""

    title: Text
    zh: Text
    en: Text
    document: str = ""
    quote: Annotated[tuple[Text, ...], BeforeValidator(_as_list)] = ()


class OwnClauses(_Strict):
    """The whole file."""

    documents: dict[Name, OwnDocument] = Field(default_factory=dict)
    clauses: dict[Name, OwnRule] = Field(default_factory=dict)


def own_rules(path: Path) -> Content:
    """Documents and rules of a site's file in the form of the shipped ones.

    Raises ConfigurationError naming the file, the rule and what is wrong with it.
    """
    try:
        said = OwnClauses.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise ConfigurationError(
            path=path,
            problem="; ".join(faults),
            remedy="A document has title_en and title_zh; a rule has title, zh, en, and one of a "
            "document also document and quote",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            path=path,
            problem=f"does not read: {' '.join(str(error).split())}",
            remedy="Write it as YAML in UTF-8",
        ) from error
    for clause_id, rule in said.clauses.items():
        if rule.document and rule.document not in said.documents:
            raise ConfigurationError(
                path=path,
                problem=f"{clause_id} is of the document {rule.document!r}, which is not among the documents",
                remedy=f"Add it to documents, or write one of {', '.join(said.documents) or 'none yet'}",
            )
        if bool(rule.document) != bool(rule.quote):
            raise ConfigurationError(
                path=path,
                problem=f"{clause_id} has a document or a quote without the other",
                remedy="Give document and quote together, or neither for a convention of the site",
            )
    return {
        DOCUMENTS: {
            name: {"title_en": one.title_en, "title_zh": one.title_zh, "file_prefix": ""}
            for name, one in said.documents.items()
        },
        RULES: {
            name: {
                "title_zh": rule.title,
                "says": rule.en,
                "says_zh": rule.zh,
                "quote": list(rule.quote),
                "document": rule.document or None,
            }
            for name, rule in said.clauses.items()
        },
    }
