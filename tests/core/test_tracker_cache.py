"""Kept answers of the tracker: quick, outdated by events, and there when the site is away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import TrackerUnavailable
from onepiece_core.tracker.cache import MAX_AGE_SECONDS, TrackerCache
from tests.support.shotgrid import RunningSite, running_site


class SetClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Question:
    """Something to ask a site, and how often it was."""

    def __init__(self, tracker: Any, entity_type: str = "Shot") -> None:
        self.tracker, self.entity_type, self.times = tracker, entity_type, 0

    def __call__(self) -> list[str]:
        self.times += 1
        return sorted(row["code"] for row in self.tracker.find(self.entity_type, [], ("code",)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with running_site(tmp_path_factory.mktemp("site"), "--empty") as running:
        yield running


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def cache(site: RunningSite, tmp_path: Path, clock: SetClock) -> TrackerCache:
    found = TrackerCache(tmp_path, site.tracker(), "ada", clock)
    found.follow()
    return found


@pytest.fixture
def project(site: RunningSite, request: pytest.FixtureRequest) -> dict[str, Any]:
    return site.tracker().create("Project", {"name": request.node.name})


def test_an_answer_is_asked_for_once(cache: TrackerCache, site: RunningSite) -> None:
    ask = Question(site.tracker())
    first, second = cache.get("shots", ["Shot"], ask), cache.get("shots", ["Shot"], ask)
    assert (first.value, first.age_seconds) == (second.value, None)
    assert second.age_seconds == 0
    assert ask.times == 1


def test_an_event_makes_what_is_about_its_type_outdated(
    cache: TrackerCache, site: RunningSite, project: dict[str, Any]
) -> None:
    cache.follow()
    shots, assets = Question(site.tracker()), Question(site.tracker(), "Asset")
    cache.get("shots", ["Shot"], shots)
    cache.get("assets", ["Asset"], assets)
    site.tracker().create("Shot", {"code": "made_just_now", "project": project})
    assert cache.follow() == ["shots"]
    assert "made_just_now" in cache.get("shots", ["Shot"], shots).value
    cache.get("assets", ["Asset"], assets)
    assert (shots.times, assets.times) == (2, 1)
    assert cache.follow() == []


def test_an_answer_that_was_overtaken_by_an_event_is_asked_for_again(
    cache: TrackerCache, site: RunningSite, project: dict[str, Any]
) -> None:
    tracker = site.tracker()

    def ask() -> list[str]:
        before = [row["code"] for row in tracker.find("Shot", [], ("code",))]
        tracker.create("Shot", {"code": "made_meanwhile", "project": project})
        cache.follow()
        return before

    assert "made_meanwhile" not in cache.get("shots", ["Shot"], ask).value
    assert "made_meanwhile" in cache.get("shots", ["Shot"], Question(tracker)).value


def test_an_old_answer_is_asked_for_again(cache: TrackerCache, site: RunningSite, clock: SetClock) -> None:
    ask = Question(site.tracker())
    cache.get("shots", ["Shot"], ask)
    clock.sleep(MAX_AGE_SECONDS + 1)
    assert cache.get("shots", ["Shot"], ask).age_seconds is None
    assert ask.times == 2


def test_a_site_that_is_away_leaves_the_answers_of_old(cache: TrackerCache, site: RunningSite, clock: SetClock) -> None:
    known = cache.get("shots", ["Shot"], Question(site.tracker())).value
    clock.sleep(MAX_AGE_SECONDS + 60)
    away = site.tracker("http://127.0.0.1:9")
    kept = cache.get("shots", ["Shot"], Question(away))
    assert (kept.value, kept.age_seconds) == (known, MAX_AGE_SECONDS + 60)
    with pytest.raises(TrackerUnavailable):
        cache.get("never asked", ["Shot"], Question(away))


def test_people_do_not_see_each_others_answers(cache: TrackerCache, site: RunningSite, tmp_path: Path) -> None:
    cache.get("shots", ["Shot"], Question(site.tracker()))
    ask = Question(site.tracker())
    TrackerCache(tmp_path, site.tracker(), "bo").get("shots", ["Shot"], ask)
    assert ask.times == 1


def test_another_worker_finds_the_answers(
    cache: TrackerCache, site: RunningSite, tmp_path: Path, clock: SetClock
) -> None:
    cache.get("shots", ["Shot"], Question(site.tracker()))
    cache.close()
    ask = Question(site.tracker())
    TrackerCache(tmp_path, site.tracker(), "ada", clock).get("shots", ["Shot"], ask)
    assert ask.times == 0
