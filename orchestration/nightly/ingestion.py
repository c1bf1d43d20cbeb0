"""The ingest stage of a run: settled registers, the policy in force, then the exports."""

from __future__ import annotations

from pathlib import Path

from orchestration.clock import today
from orchestration.ingest import ingest
from orchestration.nightly.run import NightlyRun
from orchestration.policy import install_policy
from orchestration.progress import Stage
from orchestration.settings import CONTRACT_DIR
from orchestration.settlement.frozen import ensure_register


def take_exports(nightly: NightlyRun, current: Stage) -> None:
    """Bring the landing folder's exports into raw, as the run's settings say; reports figures on the
    stage.
    """
    ensure_register(nightly.state_folder)
    install_policy(nightly.state_folder, Path(nightly.policy))
    report = ingest(
        landing=Path(nightly.landing),
        state=nightly.state_folder.root,
        profiles=[Path(path) for path in nightly.profiles],
        contract_dir=CONTRACT_DIR,
        as_of=nightly.business_date,
        today=today(nightly.business_timezone),
        business_timezone=nightly.business_timezone,
        allow_rejects=nightly.allow_rejects,
        progress=current.step,
    )
    current.message = str(report)
