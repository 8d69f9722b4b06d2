"""What a show of production size consists of, before anything is written: pure arithmetic and a seed."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random

from pydantic import BaseModel, Field

SHOTS_PER_SEQUENCE = 12
SEQUENCES_PER_EPISODE = 6
EPISODES_PER_SEASON = 10
SPAN_DAYS = 270

# Task, how often it is done again compared with the others, when in the life of its shot it begins (0..1).
SHOT_TASKS = (("layout", 0.5, 0.0), ("anim", 1.4, 0.15), ("fx", 0.8, 0.35), ("lighting", 1.1, 0.5), ("comp", 1.8, 0.65))
ASSET_TASKS = (("model", 1.0, 0.0), ("rig", 0.8, 0.2), ("surface", 1.0, 0.4))

# Rows of one transaction: few enough that other writers wait for well under a second.
_SHOTS_PER_STEP = 200
_VERSIONS_PER_STEP = 2000
_PLAYLISTS_PER_STEP = 100
_VERSIONS_PER_PLAYLIST = 250  # that are made while one playlist is put together; a part of them is in it

_DAY_BEGINS, _DAY_SECONDS = 9 * 3600, 10 * 3600


class SeedRequest(BaseModel, frozen=True, extra="forbid", strict=True):
    """What ``POST /sandbox/seed`` takes. The same request makes the same show.

    Attributes:
        until: the day of the newest Version; None is today, and that of the first run when it is gone on with.
    """

    project: str = Field("Long Winter", min_length=1, max_length=100)
    shots: int = Field(ge=1, le=20_000)
    versions: int = Field(ge=0, le=1_000_000)
    seed: int = Field(1, ge=0, lt=2**63)
    until: date | None = None
    thumbnails: bool = True

    @property
    def code(self) -> str:
        """Initials of the project's name; of a single word its first letters."""
        words = re.findall(r"[A-Za-z0-9]+", self.project)
        letters = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)[:3]
        return letters.upper() or "SHOW"


_KINDS = ("Character", "Prop", "Environment", "Vehicle", "FX")
_NAMES = {
    "Character": ("herder", "giant", "smith", "raven", "captain", "wolf"),
    "Prop": ("lantern", "rope", "kettle", "chest", "flag", "harpoon"),
    "Environment": ("fjord", "village", "pass", "cave", "harbour", "pinewood"),
    "Vehicle": ("sled", "longboat", "cart", "ferry", "kite", "raft"),
    "FX": ("blizzard", "avalanche", "embers", "fog", "spray", "aurora"),
}


@dataclass(frozen=True)
class Step:
    """The rows ``first`` to ``end`` (not included) of one phase: one transaction."""

    phase: str
    first: int = 0
    end: int = 1


@dataclass(frozen=True)
class ShotPlace:
    """Where a shot stands in the show."""

    episode: int
    sequence: int
    number: int

    @property
    def episode_code(self) -> str:
        season, episode = divmod(self.episode, EPISODES_PER_SEASON)
        return f"ep{season + 1}{episode + 1:02d}"

    @property
    def sequence_code(self) -> str:
        return f"{self.episode_code}_sc{self.sequence % SEQUENCES_PER_EPISODE + 1:02d}"

    @property
    def code(self) -> str:
        return f"{self.sequence_code}_{(self.number + 1) * 10:04d}"


class SeasonPlan:
    """Counts and places. Tasks are numbered through: those of assets first, then those of shots.

    The request must name its last day.
    """

    def __init__(self, request: SeedRequest) -> None:
        self.request = request
        self.code = request.code
        self.shots = request.shots
        self.versions = request.versions
        self.assets = max(4, request.shots // 10)
        self.sequences = -(-self.shots // SHOTS_PER_SEQUENCE)
        self.episodes = -(-self.sequences // SEQUENCES_PER_EPISODE)
        self.playlists = -(-self.versions // _VERSIONS_PER_PLAYLIST)
        self.asset_tasks = self.assets * len(ASSET_TASKS)
        self.tasks = self.asset_tasks + self.shots * len(SHOT_TASKS)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return (
            Step("studio"),
            Step("assets", 0, self.assets),
            *_pieces("shots", self.shots, _SHOTS_PER_STEP),
            *_pieces("versions", self.versions, _VERSIONS_PER_STEP),
            *_pieces("playlists", self.playlists, _PLAYLISTS_PER_STEP),
        )

    @property
    def first_day(self) -> date:
        assert self.request.until is not None
        return self.request.until - timedelta(days=SPAN_DAYS)

    def place(self, shot: int) -> ShotPlace:
        sequence, number = divmod(shot, SHOTS_PER_SEQUENCE)
        return ShotPlace(sequence // SEQUENCES_PER_EPISODE, sequence, number)

    def asset(self, index: int) -> tuple[str, str]:
        """Kind and code of an asset."""
        kind = _KINDS[index % len(_KINDS)]
        turn, which = divmod(index // len(_KINDS), len(_NAMES[kind]))
        return kind, f"{_NAMES[kind][which]}{turn + 1:02d}"

    def random(self, step: Step) -> Random:
        """Each step has its own, so that a step is the same wherever a seed was taken up again."""
        return Random(f"{self.request.seed} {step.phase} {step.first}")  # noqa: S311

    def in_playlist(self, playlist: int) -> range:
        """The Versions that are made while one playlist is put together."""
        first = playlist * _VERSIONS_PER_PLAYLIST
        return range(first, min(first + _VERSIONS_PER_PLAYLIST, self.versions))

    def task_of(self, task: int) -> tuple[int | None, int, str]:
        """``(None, asset, name)`` or ``(shot, shot, name)``."""
        if task < self.asset_tasks:
            asset, order = divmod(task, len(ASSET_TASKS))
            return None, asset, ASSET_TASKS[order][0]
        shot, order = divmod(task - self.asset_tasks, len(SHOT_TASKS))
        return shot, shot, SHOT_TASKS[order][0]


def _pieces(phase: str, count: int, size: int) -> Iterator[Step]:
    for first in range(0, count, size):
        yield Step(phase, first, min(first + size, count))


class Schedule:
    """Which Version of which task is made when, oldest first.

    Attributes:
        tasks: the task of each Version.
        moments: seconds since the epoch.
        numbers: 1 for v001.
        totals: how many Versions each task gets.
    """

    def __init__(self, plan: SeasonPlan) -> None:
        random = Random(f"{plan.request.seed} schedule")  # noqa: S311
        kinds = [ASSET_TASKS[i % len(ASSET_TASKS)] for i in range(plan.asset_tasks)]
        kinds += [SHOT_TASKS[i % len(SHOT_TASKS)] for i in range(plan.tasks - plan.asset_tasks)]
        weights = [weight * (0.25 + 1.75 * random.random()) for _, weight, _ in kinds]
        begins = [
            begin * 0.6 + 0.35 * (number - plan.asset_tasks) / plan.tasks if number >= plan.asset_tasks else begin * 0.6
            for number, (*_, begin) in enumerate(kinds)
        ]
        picked = random.choices(range(plan.tasks), weights, k=plan.versions)
        start = int(datetime.combine(plan.first_day, datetime.min.time(), UTC).timestamp())
        # One number for both: it is sorted by the moment, and small.
        made = array("q")
        for task in picked:
            day = int((begins[task] + 0.25 * random.random()) * SPAN_DAYS)
            moment = start + day * 86400 + _DAY_BEGINS + int(random.random() * _DAY_SECONDS)
            made.append(moment * plan.tasks + task)
        made = array("q", sorted(made))
        self.tasks = array("l", (one % plan.tasks for one in made))
        self.moments = array("q", (one // plan.tasks for one in made))
        self.totals = array("l", bytes(plan.tasks * array("l").itemsize))
        self.numbers = array("l")
        for task in self.tasks:
            self.totals[task] += 1
            self.numbers.append(self.totals[task])


def text_of(moment: int) -> str:
    """A moment as the database keeps it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(first: date, later: int = 0) -> str:
    """The morning of the day ``later`` days after ``first``, as the database keeps it."""
    return f"{(first + timedelta(days=later)).isoformat()}T08:00:00Z"
