"""Write the generated documents: `python -m orchestration.book` (`make book`)."""

from __future__ import annotations

from functools import partial

from orchestration.book.dictionary import DICTIONARY, data_dictionary, shipped_manifest
from orchestration.book.documents import rendered
from orchestration.settings import POLICY_DIR, PROJECT_ROOT

DOCUMENTS = {
    "docs/policy_book.md": partial(rendered, "policy_book.md.jinja"),
    "docs/glossary.md": partial(rendered, "glossary.md.jinja"),
    "dbt_project/models/kpi/_kpi__exposures.yml": partial(rendered, "exposures.yml.jinja"),
}
"""Files generated from the policy, by path in the project."""
SETTINGS_DOCUMENT = ("docs/settings.md", partial(rendered, "settings.md.jinja"))
"""The one that is not of the policy."""


def main() -> None:
    """Write each document from the shipped policy, and the dictionary from the project parsed."""
    texts = {name: write(POLICY_DIR) for name, write in (*DOCUMENTS.items(), SETTINGS_DOCUMENT)}
    texts[DICTIONARY] = data_dictionary(shipped_manifest())
    for name, text in texts.items():
        (PROJECT_ROOT / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
