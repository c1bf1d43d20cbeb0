"""Who was in service on which day, in which team: the job history as segments."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .exports import Job, Team

FOREVER = 3_652_059  # 9999-12-31


class Segment(NamedTuple):
    """Days, both ends included, on which one row of the job history holds and the agent serves."""

    first: int
    last: int
    job: Job
    department: str
    hired: int
    """First day in service: stated by the row, else by the newest before it or the first after it of the same
    spell, else the spell's first day."""
    served_to: int
    """Last day of the spell."""


class People:
    """Job histories by agent. A row holds until the agent's next row, inside its own hired_on…left_on.

    What is dated after the business date is not known (S-ASOF): neither a row, nor that somebody leaves.
    """

    def __init__(self, jobs: Iterable[Job], teams: Iterable[Team], last_day: int = FOREVER) -> None:
        departments = {team.team_id: team.department for team in teams}
        histories: dict[str, list[Job]] = defaultdict(list)
        for job in jobs:
            if job.effective_from <= last_day:
                leaves = job.left_on is not None and job.left_on <= last_day
                histories[job.agent_id].append(job if leaves else job._replace(left_on=None))
        self._segments: dict[str, list[Segment]] = {}
        for agent, rows in histories.items():
            rows.sort(key=lambda job: job.effective_from)
            history = [_without_odd_leaving(job, rows[0]) for job in rows]
            segments = []
            for place, job in enumerate(history):
                first, last = job.effective_from, FOREVER
                if place + 1 < len(history):
                    following = history[place + 1]
                    last = following.effective_from - 1
                    if following.left_on is not None:
                        last = min(last, following.left_on)
                if job.hired_on is not None:
                    first = max(first, job.hired_on)
                if job.left_on is not None:
                    last = min(last, job.left_on)
                if first <= min(last, last_day):
                    department = job.department or departments.get(job.team_id, "")
                    segments.append(Segment(first, last, job, department, first, last))
            self._segments[agent] = list(_hired(segments))
        self._starts = {agent: [s.first for s in segments] for agent, segments in self._segments.items()}

    def agents(self) -> list[str]:
        """Every agent with a job history, sorted."""
        return sorted(self._segments)

    def on(self, agent: str, day: int) -> Segment | None:
        """The segment that covers a day, or None: the agent is unknown or not in service."""
        starts = self._starts.get(agent)
        if starts is None:
            return None
        place = bisect_right(starts, day) - 1
        if place < 0:
            return None
        segment = self._segments[agent][place]
        return segment if day <= segment.last else None

    def during(self, agent: str, first: int, last: int) -> list[Segment]:
        """The agent's segments that touch the days first…last, cut to them, in order of time."""
        return [
            segment._replace(first=max(first, segment.first), last=min(last, segment.last))
            for segment in self._segments.get(agent, [])
            if segment.first <= last and segment.last >= first
        ]


def _hired(segments: list[Segment]) -> Iterator[Segment]:
    """Segments of one agent with the day of hiring and the last day of the spell of each."""
    spells: list[list[Segment]] = []
    for segment in segments:
        if not spells or segment.first > spells[-1][-1].last + 1:
            spells.append([])
        spells[-1].append(segment)
    for spell in spells:
        began = spell[0].first
        stated = [segment.job.hired_on for segment in spell if segment.job.hired_on is not None]
        hired = min(began, stated[0]) if stated else began
        for segment in spell:
            hired = hired if segment.job.hired_on is None else segment.job.hired_on
            yield segment._replace(hired=hired, served_to=spell[-1].last)


def _without_odd_leaving(job: Job, first: Job) -> Job:
    """A leaving date before the hiring is mistyped, and no leaving."""
    began = first.effective_from if job.hired_on is None else job.hired_on
    return job._replace(left_on=None) if job.left_on is not None and job.left_on < began else job
