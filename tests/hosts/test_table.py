"""The table of hosts is what the contract and the adapters say."""

from __future__ import annotations

from tests.hosts import table


def test_the_table_of_hosts_is_up_to_date() -> None:
    assert table.findings() == [], "python -m tests.hosts.table --write"


def test_a_test_that_did_not_pass_is_no_proof() -> None:
    report = "PASSED a.py::TestContract::test_one[x]\nPASSED a.py::TestContract::test_one[y]\n"
    assert table.passed(report) == ["one"]
    for word in ("FAILED", "ERROR", "SKIPPED"):
        try:
            table.passed(f"{report}{word} a.py::TestContract::test_two - why\n")
        except SystemExit:
            continue
        raise AssertionError(word)
