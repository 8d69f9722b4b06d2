"""The conformance page of the sandbox's ShotGrid, made from its tests.

    python -m tests.sandbox.conformance [--write]

Without ``--write`` it fails when the page is not what the tests say. A cell of the first table is the number of cases
of ``operator_cases.py``; the second table lists every behaviour that a test is marked with
(``@pytest.mark.wire(method, behaviour)``).
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.sandbox.operator_cases import ALL_RELATIONS, CASES, RELATIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "sandbox-conformance.md"

INTRODUCTION = """# What the sandbox's ShotGrid is tested for

Made from the tests by `python -m tests.sandbox.conformance --write`; a test compares. Every line is proven by the
unmodified `shotgun_api3` client, or by bare HTTP, against a running server. How the same calls behave on a live site
was read from public documentation and transcripts: no test has run against one.

It does not do: permission rules (whoever is let in may do everything), two-factor sign-in, WebM and pictures of
movies, MP4s of anything but H.264, start and due dates of tasks made from templates, a text's greatest length.
Following leaves no event, an activity stream's updates are never read, a page's layout is a plain list of columns.

## Operators and data types

A number says how many cases prove the operator on that data type; a dash: the server answers a Fault, and a test
proves that too.
"""


class Collected:
    """Takes part in pytest's collection and keeps the marks."""

    def __init__(self) -> None:
        self.behaviours: dict[str, Counter[str]] = defaultdict(Counter)
        self.files: dict[tuple[str, str], set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("wire"):
                method, behaviour = mark.args
                self.behaviours[method][behaviour] += 1
                self.files[method, behaviour].add(item.path.relative_to(ROOT).as_posix())


def collected() -> Collected:
    plugin = Collected()
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        status = pytest.main(["--collect-only", "-qq", "-n0", "-m", "", str(ROOT / "tests" / "sandbox")], [plugin])
    if status != 0:
        raise SystemExit(f"the tests can not be collected\n{told.getvalue()}")
    return plugin


def operator_table() -> Iterable[str]:
    proven = Counter((case.data_type, case.relation) for case in CASES)
    yield "| operator | " + " | ".join(RELATIONS) + " |"
    yield "|---" * (len(RELATIONS) + 1) + "|"
    for relation in ALL_RELATIONS:
        cells = [str(proven[data_type, relation] or "-") for data_type in RELATIONS]
        yield f"| `{relation}` | " + " | ".join(cells) + " |"


def method_table(found: Collected) -> Iterable[str]:
    yield "| method | behaviour | tests | where |"
    yield "|---|---|---|---|"
    for method in sorted(found.behaviours):
        for behaviour, count in sorted(found.behaviours[method].items()):
            where = ", ".join(f"[{Path(file).stem}](../../{file})" for file in sorted(found.files[method, behaviour]))
            yield f"| `{method}` | {behaviour} | {count} | {where} |"


def page() -> str:
    found = collected()
    total = sum(count for behaviours in found.behaviours.values() for count in behaviours.values())
    cases = f"{len(CASES)} cases.\n"
    methods = f"## Methods and endpoints\n\n{len(found.behaviours)} methods, {total} proofs.\n"
    return "\n".join([INTRODUCTION, *operator_table(), "", cases, methods, *method_table(found), ""])


def main() -> int:
    made = page()
    if "--write" in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != made:
        print(f"{PAGE.relative_to(ROOT)} is not what the tests say: python -m tests.sandbox.conformance --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
