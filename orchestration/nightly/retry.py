"""Retries through Dagster: a stage that failed with a fault that passes by itself is run again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import AssetExecutionContext, RetryRequested

from orchestration.nightly.run import NightlyRun
from orchestration.progress import say
from orchestration.transient import is_transient


@contextmanager
def tried_again(context: AssetExecutionContext, nightly: NightlyRun, stage: str) -> Iterator[None]:
    """Ask Dagster to run the step again when the block fails with a transient fault.

    At most `nightly.retries` times, after `nightly.retry_seconds`, twice that, and so on. Anything else,
    and the fault of the last attempt, is raised as it was. Dagster's own RetryPolicy would retry every
    exception, also a refusal, which is the same each time.
    """
    try:
        yield
    except Exception as error:
        attempt = context.retry_number
        if attempt >= nightly.retries or not is_transient(error):
            raise
        seconds = nightly.retry_seconds * 2**attempt
        say(stage, f"will be tried again in {seconds:g} s ({attempt + 1} of {nightly.retries}): {error}")
        raise RetryRequested(max_retries=nightly.retries, seconds_to_wait=seconds) from error
