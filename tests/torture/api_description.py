"""Trafalgar as its own description says: what fits it, what does not, and stories of one call after another."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.support.trafalgar import job_body, make_folder, serving
from tests.torture.server_kills import CONFIG

_JOBS = "/render/v1/jobs"
# They never end.
_STREAMS = ("/render/v1/jobs/stream", "/dashboard/v1/events")
_CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
_FITTING = (
    job_body(),
    job_body(frames="1-20", chunk_size=3, priority=70),
    job_body(hold=True, name="hälft", user="ana", show_code="FG"),
    job_body(frames="1,5,7-9x2", max_attempts=3, timeout_seconds=60, environment={"A": "b"}),
)


def try_the_api(root: Path, examples: int, stories: int, seed: int) -> Counter[str]:
    """``examples`` of every operation, then ``stories``; how each was answered. Raises AssertionError."""
    # The first task of every job fails: then there is something to try again.
    make_folder(root, CONFIG.replace("[farms.mock]", "[farms.mock]\nfailing_tasks = [0]"))
    with serving(root) as (_, client):
        headers = {name: client.headers[name] for name in ("X-API-Key", "X-API-Secret")}
        answers = ask_every_operation(str(client.base_url), headers, examples, seed)
        answers.update(tell_stories(str(client.base_url), headers, stories, seed))
        assert client.get("/ready").status_code == 200
    return answers


def ask_every_operation(
    address: str, headers: dict[str, str], examples: int, seed: int, *, below: str = "/", fewest: int = 14
) -> Counter[str]:
    """Each by itself, of those whose address begins with ``below``; there are at least ``fewest``."""
    answers, wrong = Counter[str](), list[str]()
    found = [each.ok() for each in _described(address).get_all_operations()]
    operations = [each for each in found if each.path.startswith(below)]
    for operation in operations:

        @_settings(examples)
        @seeded(seed)
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            answer = case.call_and_validate(headers=headers, checks=_CHECKS)
            answers[f"{case.method} {case.operation.path}: {answer.status_code}"] += 1

        try:
            ask()
        except BaseException as error:
            wrong.append(f"{operation.label}: {error}")
    assert not wrong, "\n\n".join(wrong)[:5000]
    assert len(operations) >= fewest
    return answers


def tell_stories(address: str, headers: dict[str, str], count: int, seed: int) -> Counter[str]:
    """Calls that follow the description's links; every other job that is sent is one that fits."""
    answers, wrong, told = Counter[str](), list[str](), itertools.count()

    class Story(_described(address).as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            next(told)
            self.fitting = itertools.cycle(itertools.chain(*zip(_FITTING, itertools.repeat(None))))

        def before_call(self, case: Any) -> None:
            if (case.method, case.operation.path) != ("POST", _JOBS):
                return
            body = next(self.fitting)
            if body is not None:
                case.body, case.media_type = body, "application/json"

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers}

        def validate_response(self, response: Any, case: Any, *_: Any, **more: Any) -> None:
            answers[f"{case.method} {case.operation.path}: {response.status_code}"] += 1
            try:
                case.validate_response(response, checks=_CHECKS, transport_kwargs=more or None)
            except BaseException as error:
                wrong.append(str(error))
                raise

    for again in itertools.count():
        seeded(seed * 1000 + again)(Story)
        try:
            Story.run(settings=_settings(count, steps=12))
            break
        except FlakyStrategyDefinition:
            # The same calls were answered otherwise than before: jobs had gone on meanwhile. Other ones, then.
            if next(told) > count:
                break
        except BaseException:
            if not wrong:
                raise
            break
    assert not wrong, "\n\n".join(wrong)[:5000]
    return answers


def _described(address: str) -> Any:
    told = httpx.get(f"{address}/openapi.json", trust_env=False).raise_for_status().json()
    for stream in _STREAMS:
        told["paths"].pop(stream, None)
    for operation in (each for path in told["paths"].values() for each in path.values()):
        operation.pop("security", None)  # or keys are made up, too: who gets in is a matter of its own
    schema = schemathesis.openapi.from_dict(told)
    schema.config.update(base_url=address)
    return schema


def _settings(examples: int, steps: int = 1) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
