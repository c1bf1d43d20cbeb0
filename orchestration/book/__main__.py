"""Write the generated documents: `python -m orchestration.book` (`make book`)."""

from __future__ import annotations

from orchestration.book.exposures import exposures
from orchestration.book.glossary import glossary
from orchestration.book.policy_book import policy_book
from orchestration.settings import POLICY_DIR, PROJECT_ROOT

DOCUMENTS = {
    "docs/policy_book.md": policy_book,
    "docs/glossary.md": glossary,
    "dbt_project/models/kpi/_kpi__exposures.yml": exposures,
}
"""Generated files, by path in the project."""


def main() -> None:
    """Write each document from the shipped policy."""
    for name, write in DOCUMENTS.items():
        (PROJECT_ROOT / name).write_text(write(POLICY_DIR).rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
