"""A newcomer's KPI: five files are edited, and each step that is left out is named in one sentence.

The files of a copy are read, nothing is built: the sentences come within seconds. They stand in
`docs/adding_a_kpi.md`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.book.__main__ import DOCUMENTS
from orchestration.policy.check import policy_faults
from orchestration.policy.folder import known_words
from orchestration.settings import POLICY_DIR, PROJECT_ROOT
from tests.oracle.compare import OracleLacks, refuse_unknown
from tests.oracle.policy import Policy
from tests.project.kpi_steps import CATALOGUE, MODELS, ORACLE, forgotten

TRANSCRIPT = PROJECT_ROOT / "docs" / "adding_a_kpi.md"
BLOCKS, UNION, SQL = (
    f"{MODELS}/_kpi__contact.yml",
    f"{MODELS}/kpi_candidate.sql",
    f"{MODELS}/kpi_contacts_missed.sql",
)

MODEL = """\
-- Grain: one contact that nobody answered.
-- Reads: ticket.contact.agent_id, ticket.contact.is_answered.

select
    'contacts_missed' as kpi_id,
    'fct_contact' as evidence_model,
    contact.contact_id as evidence_key,
    'contact' as entity,
    contact.contact_id as entity_id,
    contact.agent_id as agent_id,
    contact.started_on as event_on,
    cast(1 as decimal(18, 6)) as numerator,
    cast(0 as bigint) as denominator,
    contact.invalid_reason as exclusion_reason,
    contact.ruling_id as ruling_id,
    false as is_pending
from {{ ref('fct_contact') }} as contact
where not coalesce(contact.is_answered, false)
"""

BLOCK = """\
  - name: kpi_contacts_missed
    description: >-
      Grain: one contact that nobody answered. Candidate evidence, read by kpi_candidate.
    config:
      contract: {enforced: true}
      meta: {key: [evidence_key]}
    columns: *candidate

"""

UNIT_TEST = """
  - name: what_is_not_known_to_be_answered_is_missed
    description: >-
      contacts_missed: a count of valid contacts, so nothing is below the line.
    model: kpi_contacts_missed
    given:
      - input: ref('fct_contact')
        format: csv
        rows: |
          contact_id,agent_id,started_on,is_answered,invalid_reason
          answered,A,2026-10-05,true,
          missed,A,2026-10-05,false,
          unknown,A,2026-10-05,,
          bot,A,2026-10-05,false,bot
    expect:
      format: csv
      rows: |
        evidence_key,numerator,denominator,exclusion_reason
        missed,1,0,
        unknown,1,0,
        bot,1,0,bot
"""

ROW = (
    "contacts_missed,contacts missed,未接听量,count,lower,sum,calendar,,,,,,,valid contacts not answered,1,"
    "contact start,ticket.contact,C,site,1990-01-01,\n"
)


def put(root: Path, name: str, old: str, new: str) -> None:
    """Replace the only `old` of a file."""
    text = (root / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, (name, old)
    (root / name).write_text(text.replace(old, new), encoding="utf-8")


def write_model(root: Path) -> None:
    (root / SQL).write_text(MODEL, encoding="utf-8")


def describe(root: Path) -> None:
    put(root, BLOCKS, "\nunit_tests:\n", f"\n{BLOCK}unit_tests:\n")


def try_edges(root: Path) -> None:
    with (root / BLOCKS).open("a", encoding="utf-8") as stream:
        stream.write(UNIT_TEST)


def list_it(root: Path) -> None:
    put(
        root,
        UNION,
        "    'kpi_contacts_served',\n",
        "    'kpi_contacts_missed',\n    'kpi_contacts_served',\n",
    )


def define(root: Path) -> None:
    with (root / CATALOGUE).open("a", encoding="utf-8") as stream:
        stream.write(ROW)


def teach(root: Path) -> None:
    put(
        root,
        ORACLE,
        '    "contacts_served",\n    "tickets_solved",\n',
        '    "contacts_missed",\n    "contacts_served",\n    "tickets_solved",\n',
    )
    put(
        root,
        ORACLE,
        '    "contacts_served": ("ticket/contact",),\n',
        '    "contacts_missed": ("ticket/contact",),\n    "contacts_served": ("ticket/contact",),\n',
    )
    put(
        root,
        ORACLE,
        "            if not answered:\n                continue\n",
        '            if not answered:\n                if self.valid_contact(contact, "contacts_missed"):\n'
        '                    at("contacts_missed", agent, start, MILLION)\n                continue\n',
    )


def make_book(root: Path) -> None:
    for name, write in DOCUMENTS.items():
        (root / name).write_text(write(root / "seeds" / "policy").rstrip("\n") + "\n", encoding="utf-8")


STEPS: dict[str, Callable[[Path], None]] = {
    "the model": write_model,
    "its place in the union": list_it,
    "its block": describe,
    "its unit test": try_edges,
    "its row of the catalogue": define,
    "`make book`": make_book,
    "the oracle": teach,
}
"""What a newcomer does, in the order of the transcript."""

SLIPS: dict[str, tuple[str, str, str]] = {
    "what it reads": (SQL, "-- Reads: ticket.contact.agent_id, ticket.contact.is_answered.\n", ""),
    "its own name for its rows": (SQL, "'contacts_missed' as kpi_id", "'contacts_served' as kpi_id"),
}
"""Steps within a file: the file, what stands there, what is left of it."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that a KPI touches."""
    root = tmp_path / "project"
    shutil.copytree(PROJECT_ROOT / MODELS, root / MODELS)
    shutil.copytree(POLICY_DIR, root / "seeds" / "policy")
    for name in (ORACLE, *DOCUMENTS):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT_ROOT / name, root / name)
    return root


def do(root: Path, *, but: str = "") -> None:
    """Every step but one."""
    for name, step in STEPS.items():
        if name != but:
            step(root)


def test_no_kpi_lacks_a_step() -> None:
    assert forgotten(PROJECT_ROOT, DOCUMENTS) == []


def test_a_kpi_is_five_files_by_hand(copy: Path) -> None:
    do(copy)
    assert forgotten(copy, DOCUMENTS) == []
    paths = [path for path in copy.rglob("*") if path.is_file()]
    names = {path.relative_to(copy).as_posix(): path for path in paths}
    changed = {
        name
        for name, path in names.items()
        if not (PROJECT_ROOT / name).is_file() or path.read_bytes() != (PROJECT_ROOT / name).read_bytes()
    }
    assert changed - set(DOCUMENTS) == {SQL, UNION, BLOCKS, CATALOGUE, ORACLE}
    assert all(f"`{name}`" in TRANSCRIPT.read_text(encoding="utf-8") for name in changed)


@pytest.mark.parametrize("step", [*STEPS, *SLIPS])
def test_a_step_left_out_is_one_sentence_of_the_transcript(copy: Path, step: str) -> None:
    do(copy, but=step)
    if step in SLIPS:
        put(copy, *SLIPS[step])
    [sentence] = forgotten(copy, DOCUMENTS)
    assert f"| {step} | {sentence} |" in TRANSCRIPT.read_text(encoding="utf-8")


def test_a_row_without_a_model_is_told_by_the_policy_check(copy: Path) -> None:
    """So `meritline doctor` and the night say it, on any machine."""
    define(copy)
    [fault] = policy_faults(copy / "seeds" / "policy", known=known_words())
    assert str(fault).startswith("kpi.csv")
    assert "'contacts_missed', which no model calculates: kpi_candidate.sql does not list it" in str(fault)


def test_the_oracle_says_that_it_lacks_the_kpi(copy: Path) -> None:
    """Instead of a difference for every agent and month."""
    define(copy)
    with pytest.raises(OracleLacks, match=r"^the oracle lacks kpi contacts_missed: teach it"):
        refuse_unknown(Policy(copy / "seeds" / "policy"))
