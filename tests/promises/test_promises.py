"""Every command line of the mission, run on its fixture. A line that is not built yet must fail, until it works."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.promises import outcomes
from tests.promises.case import Case, Promise, load_promises
from tests.promises.fixtures import FIXTURES, WITHOUT_STUDIO, lay_out

PROMISES = load_promises()


def _parameter(promise: Promise):
    # Only the outcome may fail: a broken fixture of a line to come is a failure today.
    marks = () if promise.built else (pytest.mark.xfail(raises=AssertionError, strict=True, reason="not built yet"),)
    return pytest.param(promise, id=promise.name.replace(" ", "-"), marks=marks)


@pytest.fixture
def case(promise: Promise, tmp_path: Path, env: dict[str, str], request: pytest.FixtureRequest) -> Case:
    studio = None if promise.on in WITHOUT_STUDIO else request.getfixturevalue("fresh_studio")
    made = Case(promise, tmp_path / "world", env, studio)
    lay_out(made)
    return made


@pytest.mark.parametrize("promise", [_parameter(promise) for promise in PROMISES])
def test_the_line_gives_what_is_promised(promise: Promise, case: Case):
    outcomes.OUTCOMES[promise.gives](case)


def test_the_table_names_each_line_once():
    assert [name for name, count in Counter(promise.name for promise in PROMISES).items() if count > 1] == []


def test_every_fixture_and_outcome_is_used():
    used = {promise.gives for promise in PROMISES} | {promise.on for promise in PROMISES if promise.on}
    known = {name for name in outcomes.OUTCOMES if not name.startswith("_")} | set(FIXTURES)
    assert known == used


def test_only_documented_lines_are_run_otherwise():
    exceptions = {promise.line: promise.instead for promise in PROMISES if promise.instead}
    assert exceptions == {
        "pip install onepiece": "pip install onepiece-pipeline",
        "python -m src.apps.onepiece --help": "python -m onepiece_cli --help",
        "ruff check src tests": "ruff check",
        "aws configure": "onepiece info --profile studio-prod",
    }
    assert all(promise.why for promise in PROMISES if promise.instead)
