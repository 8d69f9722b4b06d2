"""Plans of faults: what one may say, and which calls its rules fall on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.faults.deciding import Decider
from onepiece_server.sandbox.faults.plan import Plan, PlanInvalid, checked_plan, parsed_plan, read_plan


def plan(*rules: dict[str, Any], seed: int = 0) -> Plan:
    return checked_plan({"schema": "onepiece.faults.1", "seed": seed, "rules": list(rules)})


def spoilt(decider: Decider, calls: list[str]) -> list[int]:
    """The numbers of the calls, from 1, that a rule falls on."""
    return [number for number, method in enumerate(calls, start=1) if decider.next(method) is not None]


@pytest.mark.parametrize(
    ("when", "calls"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 1}, [2]),
        ({"probability": 1.0}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_rule_falls_on_the_calls_that_it_names(when: dict[str, Any], calls: list[int]):
    decider = Decider("shotgrid", plan({"method": "create", "fault": "drop_reply", **when}))
    assert spoilt(decider, ["create"] * 6) == calls


def test_only_calls_that_fit_are_counted():
    decider = Decider("shotgrid", plan({"method": ["create", "batch"], "fault": "drop_reply", "nth": 2}))
    assert spoilt(decider, ["read", "create", "read", "update", "batch", "create"]) == [5]
    assert decider.report()["counts"] == [{"seen": 3, "spoilt": 1}]


def test_every_rule_counts_for_itself_and_the_first_one_due_takes_the_call():
    decider = Decider(
        "shotgrid",
        plan({"fault": "unavailable", "every": 2}, {"method": "create", "fault": "drop_reply", "every": 3}),
    )
    taken = [rule.fault if (rule := decider.next("create")) else None for _ in range(6)]
    assert taken == [None, "unavailable", "drop_reply", "unavailable", None, "unavailable"]
    assert decider.report()["counts"] == [{"seen": 6, "spoilt": 3}, {"seen": 6, "spoilt": 1}]


def test_chance_follows_from_the_seed():
    def draws(seed: int) -> list[int]:
        rule = {"fault": "drop_reply", "probability": 0.3}
        return spoilt(Decider("shotgrid", plan(rule, seed=seed)), ["read"] * 200)

    assert draws(7) == draws(7)
    assert draws(7) != draws(8)
    assert 30 < len(draws(7)) < 90


def test_another_plan_counts_from_the_beginning():
    once = plan({"fault": "drop_reply", "nth": 1})
    decider = Decider("shotgrid", once)
    assert spoilt(decider, ["read", "read"]) == [1]
    decider.replace(once)
    assert spoilt(decider, ["read", "read"]) == [1]


def test_a_server_has_the_rules_of_its_own_target():
    both = plan({"fault": "hang"}, {"target": "s3", "method": "PUT", "fault": "slow_down", "key": "*.exr"})
    assert Decider("shotgrid", both).next("PUT").fault == "hang"
    s3 = Decider("s3", both)
    assert s3.next("GET", "a.exr") is None
    assert s3.next("PUT", "a.mov") is None
    assert s3.next("PUT", None) is None
    assert s3.next("PUT", "show/v001/a.1001.exr").fault == "slow_down"


def test_a_plan_may_be_toml(tmp_path: Path):
    (tmp_path / "plan.toml").write_text(
        'schema = "onepiece.faults.1"\nseed = 7\n[[rules]]\nmethod = "create"\nfault = "slow"\nseconds = 2\n'
    )
    told = read_plan(tmp_path / "plan.toml")
    assert told == plan({"method": "create", "fault": "slow", "seconds": 2}, seed=7)


def test_a_plan_survives_its_way_over_the_wire():
    told = plan({"method": ["create"], "fault": "commit_late", "seconds": 0.5, "probability": 0.1, "times": 3}, seed=3)
    assert parsed_plan(told.model_dump_json(exclude_none=True)) == told


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ({}, "rules[0].fault: Field required"),
        ({"fault": "explode"}, "rules[0].fault: Input should be"),
        ({"fault": "hang", "method": "craete"}, "rules[0]: shotgrid has no method 'craete': did you mean 'create'?"),
        ({"fault": "hang", "method": []}, "rules[0]: method names no method"),
        ({"fault": "hang", "method": 3}, "rules[0].method: "),
        ({"fault": "hang", "method": "create", "target": "s3"}, "rules[0]: s3 has no method 'create'"),
        ({"fault": "hang", "nth": 0}, "rules[0].nth: "),
        ({"fault": "hang", "nth": True}, "rules[0].nth: "),
        ({"fault": "hang", "every": "2"}, "rules[0].every: "),
        ({"fault": "hang", "nth": 1, "every": 2}, "rules[0]: nth, every and probability exclude each other"),
        ({"fault": "hang", "probability": 0}, "rules[0].probability: "),
        ({"fault": "hang", "probability": 1.5}, "rules[0].probability: "),
        ({"fault": "slow"}, "rules[0]: slow needs seconds"),
        ({"fault": "slow", "seconds": -1}, "rules[0].seconds: "),
        ({"fault": "slow", "seconds": float("inf")}, "rules[0].seconds: "),
        ({"fault": "hang", "message": "no"}, "rules[0]: message has no meaning for hang of shotgrid"),
        ({"fault": "too_many", "seconds": 1.0}, "rules[0]: seconds has no meaning for too_many"),
        ({"fault": "too_many", "cut": "close"}, "rules[0]: cut has no meaning for too_many"),
        ({"fault": "hang", "key": "*"}, "rules[0]: key has no meaning for hang of shotgrid"),
        ({"fault": "truncate"}, "rules[0]: truncate is a fault of s3, not of shotgrid"),
        ({"fault": "thumbnail_stuck", "target": "s3"}, "rules[0]: thumbnail_stuck is a fault of shotgrid, not of s3"),
        ({"fault": "thumbnail_stuck", "nth": 1}, "rules[0]: nth has no meaning for thumbnail_stuck"),
        ({"fault": "thumbnail_stuck", "method": "create"}, "rules[0]: thumbnail_stuck holds every picture"),
        ({"fault": "error", "target": "s3", "error_code": 104}, "rules[0]: error_code of an S3 rule is an HTTP status"),
        ({"fault": "hang", "n": 1}, "rules[0].n: Extra inputs are not permitted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_a_plan_is_told_with_its_place(rule: dict[str, Any], line: str):
    with pytest.raises(PlanInvalid) as caught:
        plan(rule)
    assert [problem.startswith(line) for problem in caught.value.problems] == [True], caught.value.problems


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(PlanInvalid) as caught:
        plan({"fault": "slow"}, {"fault": "hang"}, {"fault": "hang", "nth": -1, "every": "x"})
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "rules[0]",
        "rules[2].nth",
        "rules[2].every",
    ]


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", "null", "3", '{"rules": []}', "[" * 100_000, "\0"])
def test_what_is_no_plan_is_told(text: str):
    with pytest.raises(PlanInvalid):
        parsed_plan(text)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"rules = ["])
def test_a_file_that_is_no_plan_is_told(tmp_path: Path, content: bytes):
    (tmp_path / "plan.toml").write_bytes(content)
    with pytest.raises(PlanInvalid, match="plan: no TOML"):
        read_plan(tmp_path / "plan.toml")
    with pytest.raises(PlanInvalid, match="cannot read"):
        read_plan(tmp_path / "nowhere.json")


def test_the_plan_of_the_how_to_is_one():
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "sandbox.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(schema = .*?)```", page, re.DOTALL)
    assert [rule.fault for rule in parsed_plan(text, is_toml=True).rules] == ["drop_reply", "unavailable", "slow_down"]


def test_another_revision_is_refused():
    with pytest.raises(PlanInvalid, match=r"schema: Input should be 'onepiece.faults.1'"):
        parsed_plan(json.dumps({"schema": "onepiece.faults.2", "rules": []}))
